using Xen2Kvm.Engine.Records;

namespace Xen2Kvm.Engine.Ports;

/// <summary>One act of a person or of the program on someone's behalf.</summary>
/// <param name="At">When.</param>
/// <param name="By">User name, or <c>system</c>.</param>
/// <param name="Action">Stable word: <c>run.start</c>.</param>
/// <param name="Subject">What it was done to.</param>
/// <param name="Detail">Further words, without secrets.</param>
public sealed record AuditEntry(DateTimeOffset At, string By, string Action, string Subject, string Detail);

/// <summary>An entry as it is kept: numbered in the order of writing, and chained to the one before it (<see cref="AuditChain"/>).</summary>
/// <param name="Id">Its number, from 1.</param>
/// <param name="At">When, to the microsecond.</param>
/// <param name="By">User name, or <c>system</c>.</param>
/// <param name="Action">Stable word.</param>
/// <param name="Subject">What it was done to.</param>
/// <param name="Detail">Further words.</param>
/// <param name="Hash">Its link of the chain: SHA-256 in lower-case hexadecimal.</param>
public sealed record AuditRecord(long Id, DateTimeOffset At, string By, string Action, string Subject, string Detail, string Hash);

/// <summary>Which entries to read. What is null does not restrict.</summary>
public sealed record AuditQuery
{
    /// <summary>Part of the subject or the detail, in any case.</summary>
    public string? Text { get; init; }

    /// <summary>Who.</summary>
    public string? By { get; init; }

    /// <summary>Which act.</summary>
    public string? Action { get; init; }

    /// <summary>From this time on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Numbers below this one only: the number of the last entry of a page asks for the next page.</summary>
    public long? Before { get; init; }
}

/// <summary>Names that occur in the log, for a choice.</summary>
/// <param name="People">Everyone who did something.</param>
/// <param name="Acts">Every act that was done.</param>
public sealed record AuditNames(IReadOnlyList<string> People, IReadOnlyList<string> Acts);

/// <summary>The append-only audit log.</summary>
public interface IAuditLog
{
    /// <summary>Appends an entry to the chain; of several nodes one at a time.</summary>
    Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>Entries, newest first.</summary>
    Task<IReadOnlyList<AuditRecord>> SearchAsync(AuditQuery query, int most, CancellationToken cancellationToken);

    /// <summary>All entries of a query in the order of writing, read while they are taken: memory does not grow with the log.</summary>
    IAsyncEnumerable<AuditRecord> ReadAsync(AuditQuery query, CancellationToken cancellationToken);

    /// <summary>People and acts that occur.</summary>
    Task<AuditNames> ListNamesAsync(CancellationToken cancellationToken);

    /// <summary>Walks the whole chain as it stands at one moment, to its end or to the first entry that does not fit.</summary>
    Task<AuditVerdict> VerifyAsync(CancellationToken cancellationToken);
}
