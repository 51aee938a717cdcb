using System.CommandLine;

namespace Xen2Kvm.Cli.Commands;

/// <summary>Options that take one word of a few.</summary>
internal static class Choice
{
    /// <summary>An option for the words of an enumeration, written in lower case.</summary>
    public static Option<T> Option<T>(string name, string description, bool required = false)
        where T : struct, Enum => new(name)
        {
            Description = description,
            Required = required,
            HelpName = string.Join('|', Words<T>()),
            CustomParser = result =>
            {
                var given = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (Words<T>().Contains(given.ToLowerInvariant()))
                {
                    return Enum.Parse<T>(given, ignoreCase: true);
                }

                result.AddError($"{name} {given} is not known; give {string.Join(" or ", Words<T>())}.");
                return default;
            },
        };

    private static IEnumerable<string> Words<T>()
        where T : struct, Enum => Enum.GetNames<T>().Select(word => word.ToLowerInvariant());
}
