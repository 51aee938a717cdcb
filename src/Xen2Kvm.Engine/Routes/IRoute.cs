using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes;

/// <summary>A way of migration: its steps in order.</summary>
public interface IRoute
{
    /// <summary>Stable id, stored in plans.</summary>
    string Id { get; }

    /// <summary>Its name for people.</summary>
    string Name { get; }

    /// <summary>All steps in order.</summary>
    IReadOnlyList<IStep> Steps { get; }
}
