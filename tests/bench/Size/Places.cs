namespace Xen2Kvm.Bench;

/// <summary>Where things lie.</summary>
/// <param name="Program">The published dashboard, Xen2Kvm.Web.dll.</param>
/// <param name="Work">Directory of this measurement; it is kept between the steps.</param>
/// <param name="Ssh">What answers in place of the OpenSSH client.</param>
internal sealed record Places(string Program, string Work, string Ssh)
{
    /// <summary>State of the dashboard.</summary>
    public string State => Path.Combine(Work, "state");

    /// <summary>Its private PostgreSQL.</summary>
    public string Database => Path.Combine(Work, "postgres");

    /// <summary>What the scripted hosts say.</summary>
    public string Hosts => Path.Combine(Work, "hosts");

    /// <summary>Ids that the steps tell each other, one <c>name id</c> in each line.</summary>
    public string Ids => Path.Combine(Work, "ids");
}
