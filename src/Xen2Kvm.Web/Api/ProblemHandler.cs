using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Api;

/// <summary>Turns failures into problem documents for programs and a sentence for people; never an exception's name or stack.</summary>
internal sealed partial class ProblemHandler(IProblemDetailsService problems, ILogger<ProblemHandler> logger) : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception failure, CancellationToken cancellationToken)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        var (status, title, detail) = Describe(failure, context.TraceIdentifier);
        if (status == StatusCodes.Status500InternalServerError)
        {
            LogUnexpected(failure, context.Request.Method, context.Request.Path, context.TraceIdentifier);
        }

        context.Response.StatusCode = status;
        if (!SessionCookie.IsForPrograms(context.Request.Path))
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync($"{title}. {detail}\n", cancellationToken).ConfigureAwait(false);
            return true;
        }

        await problems.WriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = new ProblemDetails { Status = status, Title = title, Detail = detail },
        }).ConfigureAwait(false);
        return true;
    }

    private static (int Status, string Title, string Detail) Describe(Exception failure, string trace) => failure switch
    {
        RefusedException or WaveException => (StatusCodes.Status409Conflict, "Refused", failure.Message),
        ForbiddenException => (StatusCodes.Status403Forbidden, "Not allowed", failure.Message),
        PlanningException planning => (StatusCodes.Status422UnprocessableEntity, "This guest cannot be planned so", planning.Message),
        RemoteException remote => (StatusCodes.Status502BadGateway, $"{remote.HostName} did not do what was asked", remote.Message),
        ApiException { Status: StatusCodes.Status404NotFound } missing => (missing.Status, "Not found", missing.Message),
        ApiException other => (other.Status, "The request cannot be carried out", other.Message),
        BadHttpRequestException bad => (bad.StatusCode, "The request cannot be read", Readable(bad)),
        _ => (StatusCodes.Status500InternalServerError, "The dashboard could not answer this request",
            $"Its log holds the reason under the trace id {trace}."),
    };

    // Binding failures name parameters and types of this program; the JSON reader's own words say where the body is wrong.
    private static string Readable(BadHttpRequestException bad) => bad.InnerException is System.Text.Json.JsonException json
        ? $"The JSON body is wrong at {json.Path ?? "$"}, line {(json.LineNumber ?? 0) + 1}. See /openapi/v1.json for what is expected."
        : bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "The body is too large."
        : "A parameter or the body is missing or wrong. See /openapi/v1.json for what is expected.";

    [LoggerMessage(5001, LogLevel.Error, "{Method} {Path} failed, trace id {TraceId}")]
    private partial void LogUnexpected(Exception failure, string method, string path, string traceId);
}
