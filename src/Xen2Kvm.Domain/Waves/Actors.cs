namespace Xen2Kvm.Domain.Waves;

/// <summary>Who stands behind the names that acts are recorded under.</summary>
public static class Actors
{
    /// <summary>Whether two names stand for one person: <c>anna (token backup)</c> acts for <c>anna</c>.</summary>
    public static bool IsSame(string? one, string? other) => string.Equals(Of(one), Of(other), StringComparison.OrdinalIgnoreCase);

    private static string? Of(string? actor) => actor?.Split(" (token ")[0];
}
