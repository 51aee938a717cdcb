using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Npgsql;
using Xen2Kvm.Persistence.Embedded;

namespace Xen2Kvm.Web.Hosting;

/// <summary>Says on standard error why the dashboard did not start, all faults at once.</summary>
internal static class StartFailure
{
    /// <summary>Writes the reason and returns the exit code that goes with it.</summary>
    public static ExitCode Report(Exception failure, TextWriter error)
    {
        var faults = Faults(failure).ToList();
        if (faults.Count > 0)
        {
            error.WriteLine("The configuration is not valid:");
            faults.ForEach(fault => error.WriteLine("  - " + fault));
            return ExitCode.InvalidConfiguration;
        }

        if (failure is IOException && failure.InnerException is AddressInUseException inUse)
        {
            error.WriteLine($"{failure.Message} ({inUse.Message}) End the other program, or choose another address with --Urls http://127.0.0.1:PORT.");
            return ExitCode.AddressInUse;
        }

        if (failure is EmbeddedPostgresException or NpgsqlException)
        {
            error.WriteLine($"The database cannot be used: {failure.Message}");
            return ExitCode.DatabaseUnavailable;
        }

        error.WriteLine($"The dashboard ended unexpectedly: {failure}");
        return ExitCode.Unexpected;
    }

    private static IEnumerable<string> Faults(Exception failure) => failure switch
    {
        OptionsValidationException invalid => invalid.Failures,
        AggregateException many when many.InnerExceptions.All(inner => inner is OptionsValidationException) =>
            many.InnerExceptions.SelectMany(Faults),
        _ => [],
    };
}
