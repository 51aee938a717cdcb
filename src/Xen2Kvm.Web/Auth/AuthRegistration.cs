using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>Registers who may come in and what they may do.</summary>
internal static class AuthRegistration
{
    private const string CookieOrToken = "CookieOrToken";

    /// <summary>Adds accounts, the two ways to authenticate, the policies, antiforgery and the limit on sign-in attempts.</summary>
    public static void AddDashboardAuth(this IServiceCollection services)
    {
        services.AddAccounts();
        services.AddCookieOrToken();
        services.AddAuthorizationBuilder().AddRolePolicies();
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "x2k-antiforgery";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;

            // The header is ours, and says nosniff, DENY and more; see SecurityHeaders.
            options.SuppressXFrameOptionsHeader = true;
        });
        services.AddSignInLimit();
        services.AddSingleton<SecretsKey>();
        services.AddOptions<KeyManagementOptions>().Configure<SecretsKey>((ring, key) => ring.XmlEncryptor = new SecretsKeyEncryptor(key));
        services.AddSingleton<SetupLink>();
        services.AddSingleton<LocalToken>();
        services.AddHostedService<AccessPreparation>();
        services.AddScoped<FirstAdmin>();
        services.AddSingleton<SignIn>();
    }

    private static void AddAccounts(this IServiceCollection services)
    {
        services.AddIdentityCore<AppUser>(identity =>
            {
                identity.User.RequireUniqueEmail = false;
                identity.Password.RequiredLength = 12;
                identity.Password.RequiredUniqueChars = 4;
                identity.Password.RequireDigit = false;
                identity.Password.RequireLowercase = false;
                identity.Password.RequireUppercase = false;
                identity.Password.RequireNonAlphanumeric = false;
                identity.Lockout.MaxFailedAccessAttempts = 8;
                identity.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(10);
            })
            .AddRoles<IdentityRole<Guid>>()
            .AddEntityFrameworkStores<Xen2KvmDbContext>();
        services.AddSingleton<Accounts>();
        services.AddSingleton<SecondFactor>();
        services.AddSingleton<Invitations>();
        services.AddSingleton<Access>();
        services.AddSingleton<Grants>();
        services.AddSingleton<People>();
        services.AddSingleton<IPeople>(provider => provider.GetRequiredService<People>());
        services.AddSingleton<OwnAccount>();
        services.AddSingleton<OwnTokens>();
    }

    private static void AddCookieOrToken(this IServiceCollection services)
    {
        var authentication = services.AddAuthentication(options =>
        {
            options.DefaultScheme = CookieOrToken;
            options.DefaultSignInScheme = IdentityConstants.ApplicationScheme;
        });
        authentication.AddPolicyScheme(CookieOrToken, "Session cookie or API token", policy => policy.ForwardDefaultSelector = context =>
            TokenHandler.IsOffered(context.Request) ? TokenHandler.SchemeName : IdentityConstants.ApplicationScheme);
        authentication.AddScheme<Microsoft.AspNetCore.Authentication.AuthenticationSchemeOptions, TokenHandler>(TokenHandler.SchemeName, null);
        authentication.AddCookie(IdentityConstants.ApplicationScheme);
        authentication.AddCookie(IdentityConstants.TwoFactorUserIdScheme, half =>
        {
            half.Cookie.Name = "x2k-code";
            half.Cookie.SameSite = SameSiteMode.Strict;
            half.ExpireTimeSpan = SignIn.CodeWithin;
            half.SlidingExpiration = false;
        });
        services.AddOptions<CookieAuthenticationOptions>(IdentityConstants.ApplicationScheme)
            .Configure<IOptions<DashboardOptions>>((cookie, dashboard) => SessionCookie.Configure(cookie, dashboard.Value));
    }

    private static void AddRolePolicies(this AuthorizationBuilder authorization)
    {
        foreach (var role in Roles.All)
        {
            authorization.AddPolicy(role, policy => policy.RequireRole(Roles.AtLeast(role)).RequireAssertion(TokenScope.Allows));
            authorization.AddPolicy(Roles.Somewhere(role), policy => policy.RequireRole(Roles.All)
                .RequireAssertion(context => Standing.Of(context.User).HasSomewhere(role)).RequireAssertion(TokenScope.Allows));
        }

        var anyRole = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireRole(Roles.All).RequireAssertion(TokenScope.Allows).Build();
        authorization.SetDefaultPolicy(anyRole).SetFallbackPolicy(anyRole);
    }
}
