namespace Culprit.Server.Http;

/// <summary>Rules that hold for every route.</summary>
internal static class HttpRegistration
{
    /// <summary>Problem bodies for every error, then the guard against foreign pages. Call before mapping routes.</summary>
    public static WebApplication UseHttpRules(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.UseWebSockets();
        app.UseRouting();
        app.UseMiddleware<BrowserGuard>(app.Services.GetService<BrowserGuardOptions>() ?? new BrowserGuardOptions());
        return app;
    }
}
