namespace Xen2Kvm.Transfer.Jobs;

/// <summary>Answer of <c>x2k-agent version</c>.</summary>
/// <param name="Version">Version of the agent.</param>
/// <param name="Protocol">Version of the transfer protocol.</param>
/// <param name="Kernel">Release of the running kernel.</param>
public sealed record VersionAnswer(string Version, int Protocol, string Kernel);

/// <summary>Answer of <c>x2k-agent start</c>.</summary>
/// <param name="Started">A runner was started by this call.</param>
/// <param name="Running">A runner is at work (started now or before).</param>
/// <param name="Finished">The job is done already; nothing was started.</param>
/// <param name="Pid">The runner, 0 if none.</param>
public sealed record StartAnswer(bool Started, bool Running, bool Finished, int Pid);

/// <summary>Answer of <c>x2k-agent cancel</c>.</summary>
/// <param name="Cancelled">The job is not running any more and is marked as cancelled.</param>
/// <param name="Killed">It did not stop in time and was killed.</param>
/// <param name="State">State after the call, as in <see cref="TransferStatus.State"/>.</param>
public sealed record CancelAnswer(bool Cancelled, bool Killed, string State);

/// <summary>Answer of <c>x2k-agent limit</c>: what counts now by the job and its timetable.</summary>
/// <param name="BytesPerSecond">Bytes per second; 0 = no limit.</param>
/// <param name="Until">Until when, Unix milliseconds of the source host's clock; 0 for good.</param>
public sealed record LimitAnswer(long BytesPerSecond, long Until);

/// <summary>Answer of <c>x2k-agent log</c>.</summary>
/// <param name="Offset">Where to read on, bytes.</param>
/// <param name="Lines">Whole lines from the asked offset.</param>
public sealed record LogAnswer(long Offset, IReadOnlyList<LogLine> Lines);

/// <summary>A line of a job's log.</summary>
/// <param name="Time">Unix milliseconds.</param>
/// <param name="Level"><c>info</c>, <c>warning</c> or <c>error</c>.</param>
/// <param name="Message">The text.</param>
public sealed record LogLine(long Time, string Level, string Message);

/// <summary>Answer of <c>x2k-agent size</c>, one per path.</summary>
/// <param name="Path">As asked.</param>
/// <param name="Bytes">Size; -1 when it could not be read.</param>
/// <param name="Kind"><c>block</c>, <c>file</c>, or null.</param>
/// <param name="Error">Why it could not be read.</param>
public sealed record SizeAnswer(string Path, long Bytes, string? Kind, string? Error);

/// <summary>Answer of <c>x2k-agent hash</c>.</summary>
/// <param name="Path">As asked.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes hashed.</param>
/// <param name="RootHash">32 hex digits, comparable with <see cref="DiskStatus.RootHash"/> for the same seed.</param>
public sealed record HashAnswer(string Path, long Offset, long Length, string RootHash);
