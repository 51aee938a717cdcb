namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>One assignment of a config.</summary>
/// <param name="Key">The name on the left.</param>
/// <param name="Value">The value; for <c>+=</c> the joined one.</param>
/// <param name="Line">Line of the name, from 1.</param>
/// <param name="Column">Column of the name, from 1.</param>
public sealed record XlSetting(string Key, XlValue Value, int Line, int Column);

/// <summary>Which of the two languages a config is written in. Most files are both.</summary>
public enum ConfigDialect
{
    /// <summary>Nothing in it that xl does not read (xl.cfg(5)).</summary>
    Xl,

    /// <summary>It uses Python, so only xm could read it (xmdomain.cfg(5)).</summary>
    Xm,
}

/// <summary>What an xl or xm config says, in its own words and order.</summary>
/// <param name="FileName">The name the caller gave, for messages.</param>
/// <param name="Dialect">Whether anything in it is Python only.</param>
/// <param name="Settings">Every assignment in the order of the file, repeated keys included.</param>
/// <param name="Problems">Everything that was not plain to read; see <see cref="Unparseable"/> for what makes the result uncertain.</param>
public sealed record XlConfig(
    string FileName,
    ConfigDialect Dialect,
    IReadOnlyList<XlSetting> Settings,
    IReadOnlyList<ConfigProblem> Problems)
{
    /// <summary>The lines whose meaning is unknown: code that would have to run, or broken syntax. Preflight X02 names them.</summary>
    public IEnumerable<ConfigProblem> Unparseable => Problems.Where(problem => problem.HidesValue);

    /// <summary>The setting in force for a key: the last one in the file wins, as in xl and in Python.</summary>
    /// <param name="key">The key, case-sensitive.</param>
    /// <returns>The setting, or null when the file has none that could be read.</returns>
    public XlSetting? Find(string key) => Settings.LastOrDefault(setting => setting.Key == key);
}
