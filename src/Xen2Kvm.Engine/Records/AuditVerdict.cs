namespace Xen2Kvm.Engine.Records;

/// <summary>What a walk over the audit log's chain found.</summary>
/// <param name="At">When it began.</param>
/// <param name="Entries">Entries that fit, from the first.</param>
/// <param name="LastId">Number of the last of them; 0 when there is none.</param>
/// <param name="LastHash">Its hash. Noted down elsewhere, it shows later that nothing up to here was hashed anew.</param>
/// <param name="Fault">The first thing that does not fit; null when the chain is whole.</param>
public sealed record AuditVerdict(DateTimeOffset At, long Entries, long LastId, string LastHash, AuditFault? Fault)
{
    /// <summary>Every entry fits.</summary>
    public bool IsWhole => Fault is null;
}

/// <summary>How the chain is broken.</summary>
public enum AuditFaultKind
{
    /// <summary>The entry does not follow from the one before it: one of the two was changed.</summary>
    Changed,

    /// <summary>One or more entries before it were removed.</summary>
    Missing,

    /// <summary>The entry was not written by this program.</summary>
    Inserted,

    /// <summary>Entries at the end were removed; the entry is the last that is left.</summary>
    CutOff,

    /// <summary>The record of where the log ends is gone, so that its end cannot be proven.</summary>
    HeadMissing,
}

/// <summary>The first place where the chain does not fit.</summary>
/// <param name="Kind">How.</param>
/// <param name="Id">Number of the entry; 0 when there is none.</param>
public sealed record AuditFault(AuditFaultKind Kind, long Id)
{
    /// <summary>What was found.</summary>
    public string Finding => Kind switch
    {
        AuditFaultKind.Changed => $"Entry {Id}, or the one before it, is not what was written.",
        AuditFaultKind.Missing => $"Entries before entry {Id} were removed.",
        AuditFaultKind.Inserted => $"Entry {Id} was put in past this program.",
        AuditFaultKind.CutOff when Id == 0 => "All entries were removed.",
        AuditFaultKind.CutOff => $"Entries after entry {Id} were removed.",
        _ => "The record of where the log ends is gone, so entries may be missing at its end.",
    };

    /// <summary>What that means, and what to do.</summary>
    public static string Advice =>
        "Somebody changed the database past this program, or it was restored in parts. What comes after this place proves nothing any more. "
        + "Keep the database as it is, export the log, and compare it with an earlier export or backup; then find out who can write to the database.";
}
