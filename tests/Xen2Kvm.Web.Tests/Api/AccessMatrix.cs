namespace Xen2Kvm.Web.Tests.Api;

/// <summary>
/// Who may reach what: every endpoint of the program with the least role that it asks for, and the area of a token's scope that covers it.
/// An endpoint that is missing here fails a test, as does a line here that no endpoint has.
/// </summary>
internal static class AccessMatrix
{
    /// <summary>In place of a role: no sign-in is asked for.</summary>
    public const string Open = "open";

    /// <summary>In place of an area: any token, whatever its scope.</summary>
    public const string Any = "any";

    /// <summary>In place of an area: no token, since this is for people.</summary>
    public const string People = "people-only";

    // A role with @ is asked where the endpoint acts: on the hosts, or in the wave, of what it names.
    // Method, path, least role, area. PAGE stands for the GET and POST of a page, ANY for an endpoint that takes every method.
    private const string Table = """
        ANY    /health                                  open      any

        GET    /api/v1/me                               Viewer    any
        GET    /openapi/{documentName}.json             Viewer    any

        GET    /api/v1/hosts/                           Viewer    hosts
        POST   /api/v1/hosts/                           Operator  hosts
        GET    /api/v1/hosts/{host}                     Viewer    hosts
        PUT    /api/v1/hosts/{host}                     Operator  hosts
        DELETE /api/v1/hosts/{host}                     Operator  hosts
        POST   /api/v1/hosts/{host}/refresh             Operator@host hosts
        POST   /api/v1/hosts/{host}/scan-key            Operator  hosts
        POST   /api/v1/hosts/{host}/test                Operator@host hosts
        POST   /api/v1/hosts/scan-key                   Operator  hosts
        GET    /api/v1/host-groups/                     Viewer    access
        POST   /api/v1/host-groups/                     Admin     access
        PUT    /api/v1/host-groups/{group}              Admin     access
        DELETE /api/v1/host-groups/{group}              Admin     access
        PUT    /api/v1/host-groups/hosts/{host}         Admin     access
        GET    /api/v1/guests/                          Viewer    hosts
        GET    /api/v1/guests/{host}/{**guest}          Viewer    hosts

        GET    /api/v1/plans/                           Viewer    plans
        POST   /api/v1/plans/                           Operator@hosts plans
        GET    /api/v1/plans/{id:guid}                  Viewer    plans
        POST   /api/v1/plans/{id:guid}/acknowledge      Operator@plan plans
        POST   /api/v1/plans/{id:guid}/preflight        Operator@plan plans
        POST   /api/v1/plans/{id:guid}/rehearse         Operator@plan plans
        GET    /api/v1/plans/{id:guid}/xml              Viewer    plans
        POST   /api/v1/plans/propose                    Operator@hosts plans

        GET    /api/v1/runs/                            Viewer    runs
        POST   /api/v1/runs/                            Operator@hosts runs
        GET    /api/v1/runs/{id:guid}                   Viewer    runs
        POST   /api/v1/runs/{id:guid}/answer            Operator@run runs
        GET    /api/v1/runs/{id:guid}/evidence          Viewer    runs
        GET    /api/v1/runs/{id:guid}/evidence/{name}   Viewer    runs
        GET    /api/v1/runs/{id:guid}/log               Viewer    runs
        GET    /api/v1/runs/{id:guid}/log/text          Viewer    runs
        POST   /api/v1/runs/{id:guid}/resume            Operator@run runs
        POST   /api/v1/runs/{id:guid}/rollback          Operator@run runs
        GET    /api/v1/runs/{id:guid}/samples           Viewer    runs
        POST   /api/v1/runs/{id:guid}/stop              Operator@run runs
        ANY    /hubs/runs                               Viewer    runs
        ANY    /hubs/runs/negotiate                     Viewer    runs

        GET    /api/v1/limits/                          Viewer    runs
        POST   /api/v1/limits/                          Admin     runs
        DELETE /api/v1/limits/{id:guid}                 Admin     runs
        PUT    /api/v1/limits/{id:guid}                 Admin     runs

        GET    /api/v1/waves/                           Viewer    waves
        POST   /api/v1/waves/                           Operator@hosts waves
        GET    /api/v1/waves/{id:guid}                  Viewer    waves
        PUT    /api/v1/waves/{id:guid}                  Operator@wave waves
        POST   /api/v1/waves/{id:guid}/cancel           Operator@wave waves
        POST   /api/v1/waves/{id:guid}/decision         Approver@wave waves
        GET    /api/v1/waves/{id:guid}/log              Viewer    waves
        GET    /api/v1/waves/{id:guid}/dossier          Viewer    waves
        GET    /api/v1/waves/{id:guid}/export           Viewer    waves
        POST   /api/v1/waves/{id:guid}/hold             Operator@wave waves
        PUT    /api/v1/waves/{id:guid}/limits           Operator@wave waves
        POST   /api/v1/waves/{id:guid}/pause            Operator@wave waves
        POST   /api/v1/waves/{id:guid}/put-off          Operator@wave waves
        POST   /api/v1/waves/{id:guid}/rehearse         Operator@wave waves
        GET    /api/v1/waves/{id:guid}/report           Viewer    waves
        POST   /api/v1/waves/{id:guid}/retry            Operator@wave waves
        POST   /api/v1/waves/{id:guid}/start            Operator@wave waves
        POST   /api/v1/waves/{id:guid}/submit           Operator@wave waves
        POST   /api/v1/waves/{id:guid}/withdraw         Operator@wave waves
        POST   /api/v1/waves/import                     Operator@hosts waves
        POST   /api/v1/waves/propose                    Operator@hosts waves

        GET    /api/v1/cleanups/                        Viewer    cleanups
        POST   /api/v1/cleanups/                        Operator  cleanups
        GET    /api/v1/cleanups/{id:guid}               Viewer    cleanups
        POST   /api/v1/cleanups/{id:guid}/decision      Approver  cleanups
        POST   /api/v1/cleanups/{id:guid}/look          Operator  cleanups
        POST   /api/v1/cleanups/{id:guid}/run           Operator  cleanups
        POST   /api/v1/cleanups/{id:guid}/withdraw      Operator  cleanups
        GET    /api/v1/cleanups/remains                 Viewer    cleanups

        GET    /api/v1/audit/                           Viewer    access
        GET    /api/v1/audit/export                     Viewer    access
        GET    /api/v1/audit/verify                     Viewer    access
        GET    /api/v1/tokens                           Viewer    access
        POST   /api/v1/tokens                           Viewer    access
        DELETE /api/v1/tokens/{id:guid}                 Viewer    access
        GET    /api/v1/people/                          Admin     access
        POST   /api/v1/people/                          Admin     access
        POST   /api/v1/people/{userName}/disable        Admin     access
        POST   /api/v1/people/{userName}/enable         Admin     access
        PUT    /api/v1/people/{userName}/grants         Admin     access
        POST   /api/v1/people/{userName}/reset-password Admin     access
        PUT    /api/v1/people/{userName}/role           Admin     access
        DELETE /api/v1/people/{userName}/second-factor  Admin     access
        POST   /api/v1/people/{userName}/unlock         Admin     access

        PAGE   /account/code                            open      any
        PAGE   /account/denied                          open      any
        PAGE   /account/first-admin                     open      any
        PAGE   /account/invitation                      open      any
        PAGE   /account/sign-in                         open      any
        POST   /account/sign-out                        Viewer    people-only

        PAGE   /                                        Viewer    people-only
        PAGE   /account                                 Viewer    people-only
        PAGE   /audit                                   Viewer    people-only
        PAGE   /cleanup                                 Viewer    people-only
        PAGE   /cleanup/{Id:guid}                       Viewer    people-only
        PAGE   /guests                                  Viewer    people-only
        PAGE   /guests/{HostName}/{*GuestName}          Viewer    people-only
        PAGE   /hosts                                   Viewer    people-only
        PAGE   /hosts/{Id}                              Viewer    people-only
        PAGE   /hosts/{Id}/change                       Viewer    people-only
        PAGE   /hosts/groups                            Viewer    people-only
        PAGE   /hosts/new                               Viewer    people-only
        PAGE   /not-found                               Viewer    people-only
        PAGE   /people                                  Admin     people-only
        PAGE   /people/{UserName}                       Admin     people-only
        PAGE   /plans                                   Viewer    people-only
        PAGE   /plans/{Id:guid}                         Viewer    people-only
        PAGE   /plans/new                               Viewer    people-only
        PAGE   /runs                                    Viewer    people-only
        PAGE   /runs/{Id:guid}                          Viewer    people-only
        PAGE   /settings                                Viewer    people-only
        PAGE   /settings/limits                         Viewer    people-only
        PAGE   /settings/notifications                  Admin     people-only
        PAGE   /waves                                   Viewer    people-only
        PAGE   /waves/{Id:guid}                         Viewer    people-only
        GET    /waves/{id:guid}/report                  Viewer    people-only
        PAGE   /waves/new                               Viewer    people-only

        GET    /{**path:file}                           Viewer    people-only
        HEAD   /{**path:file}                           Viewer    people-only
        ANY    /_blazor                                 Viewer    people-only
        ANY    /_blazor/disconnect/                     Viewer    people-only
        ANY    /_blazor/initializers/                   Viewer    people-only
        ANY    /_blazor/negotiate                       Viewer    people-only
        GET    /_framework/opaque-redirect              Viewer    people-only
        """;

    /// <summary>The lines by method and path.</summary>
    public static IReadOnlyDictionary<string, (string LeastRole, string Area, string? Where)> Lines { get; } = Table
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .SelectMany(words => (words[0] switch { "PAGE" => ["GET", "POST"], "ANY" => ["GET"], _ => new[] { words[0] } })
            .Select(method => (Key: $"{method} {words[1]}", Value: (words[2].Split('@')[0], words[3], words[2].Split('@').ElementAtOrDefault(1)))))
        .ToDictionary(line => line.Key, line => line.Value);
}
