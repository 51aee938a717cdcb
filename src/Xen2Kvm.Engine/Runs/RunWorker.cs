namespace Xen2Kvm.Engine.Runs;

/// <summary>Carries out runs.</summary>
public sealed class RunWorker;
