using Culprit.Server.Configuration;

namespace Culprit.Server.Http;

/// <summary>Rules that hold for every route.</summary>
internal static class HttpRegistration
{
    /// <summary>Gives <c>https://</c> addresses their certificate.</summary>
    public static void AddTls(this WebApplicationBuilder builder, TlsSection section)
    {
        if (!section.IsOn)
        {
            return;
        }

        builder.Services.AddSingleton(services => new ServerCertificate(
            section, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<ServerCertificate>>()));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https =>
        {
            var certificate = kestrel.ApplicationServices.GetRequiredService<ServerCertificate>();
            https.ServerCertificateSelector = (_, _) => certificate.Current.TargetCertificate;

            // The selector alone would leave out the certificates between it and its root.
            https.OnAuthenticate = (_, tls) =>
            {
                tls.ServerCertificateSelectionCallback = null;
                tls.ServerCertificateContext = certificate.Current;
            };
        }));
    }

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
