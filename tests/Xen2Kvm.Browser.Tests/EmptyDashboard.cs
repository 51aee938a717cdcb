namespace Xen2Kvm.Browser.Tests;

/// <summary>A dashboard of its own that nobody has used yet.</summary>
public sealed class EmptyDashboard : DashboardFixture;
