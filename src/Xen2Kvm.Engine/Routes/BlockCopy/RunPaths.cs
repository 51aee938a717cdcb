namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>Where the program keeps its files on hosts.</summary>
internal static class RunPaths
{
    public const string Base = "/var/lib/x2k";

    /// <summary>A run's directory, on either host: job, keys, journal, staged kernel. Removed when the run is finished or rolled back.</summary>
    public static string Run(Guid runId) => $"{Base}/runs/{runId:N}";

    /// <summary>The receiver's journal on the target.</summary>
    public static string Receive(Guid runId) => $"{Run(runId)}/receive";

    /// <summary>The converter's working files on the target.</summary>
    public static string Work(Guid runId) => $"{Run(runId)}/work";
}
