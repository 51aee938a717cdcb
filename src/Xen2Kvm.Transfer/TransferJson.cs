using System.Text.Json;
using System.Text.Json.Serialization;
using Xen2Kvm.Transfer.Jobs;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Transfer;

/// <summary>JSON of all that the agent reads and writes; generated at compile time, as the agent has no reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip)]
[JsonSerializable(typeof(TransferJob))]
[JsonSerializable(typeof(TransferStatus))]
[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(StartAnswer))]
[JsonSerializable(typeof(CancelAnswer))]
[JsonSerializable(typeof(RateTimetable))]
[JsonSerializable(typeof(LimitAnswer))]
[JsonSerializable(typeof(LogAnswer))]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(SizeAnswer[]))]
[JsonSerializable(typeof(HashAnswer))]
[JsonSerializable(typeof(Hello))]
[JsonSerializable(typeof(Welcome))]
[JsonSerializable(typeof(Refusal))]
public sealed partial class TransferJson : JsonSerializerContext;
