namespace Xen2Kvm.Web.Api;

/// <summary>A request that the API answers with a status of its own; the message is for the caller.</summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Status { get; } = status;

    /// <summary>Nothing of that name or id is known.</summary>
    public static ApiException NotFound(string what) => new(StatusCodes.Status404NotFound, what);

    /// <summary>The request itself is wrong.</summary>
    public static ApiException Invalid(string why) => new(StatusCodes.Status400BadRequest, why);
}
