namespace Xen2Kvm.Transfer.Protocol;

/// <summary>What arrived is not the protocol: broken, truncated, hostile, or another program's output.</summary>
public sealed class ProtocolException(string message) : Exception(message);
