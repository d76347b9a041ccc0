using Culprit.Server.Configuration;

namespace Culprit.Server.Access;

/// <summary>API keys: who they are, what they allow, and the guard that asks for them.</summary>
internal static class AccessRegistration
{
    public static void AddAccess(this WebApplicationBuilder builder, AccessSection access)
    {
        var services = builder.Services;
        services.AddSingleton(access);
        services.AddSingleton<KeyRing>();
        services.AddHostedService(s => s.GetRequiredService<KeyRing>());
        services.AddSingleton<AuditLog>();
    }

    /// <summary>Asks every route for what it requires. After routing, before routes are mapped.</summary>
    public static void UseAccess(this WebApplication app) => app.UseMiddleware<AccessGuard>();
}
