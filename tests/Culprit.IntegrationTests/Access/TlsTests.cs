using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Configuration;

namespace Culprit.IntegrationTests.Access;

public sealed class TlsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ANewCertificateIsUsedWithoutARestart()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "server.pem");
        await File.WriteAllTextAsync(file, Pem("first"), Token);
        await using var server = await GuardedServer.StartAsync(o =>
        {
            o.Urls = "https://127.0.0.1:0";
            o.Tls = new TlsSection { Certificate = file };
        });

        var first = await SubjectAsync(server.Address);
        await File.WriteAllTextAsync(file, "half written", Token);
        File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(10));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var i = 0; i < 12; i++)
        {
            Assert.Equal("CN=first", await SubjectAsync(server.Address));
            await pause.WaitForNextTickAsync(Token);
        }

        await File.WriteAllTextAsync(file, Pem("second"), Token);
        File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(20));
        while (await SubjectAsync(server.Address) != "CN=second")
        {
            await pause.WaitForNextTickAsync(Token);
        }

        Assert.Equal("CN=first", first);
    }

    [Fact]
    public async Task HttpsWithoutACertificateIsAMistakeThatIsNamed()
    {
        using var folder = new TempFolder();

        var run = await CommandRun.ExecuteAsync(null, ["serve", "--urls", "https://127.0.0.1:0", "--data", folder.Path], Token);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("tls: certificate", run.Errors, StringComparison.Ordinal);
    }

    private static string Pem(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(TimeProvider.System.GetUtcNow().AddMinutes(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem();
    }

    private static async Task<string> SubjectAsync(Uri address)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, Token);
        await using var tls = new SslStream(client.GetStream());
        var subject = "";
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "localhost",
                    RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                    {
                        subject = certificate!.Subject;
                        return errors == SslPolicyErrors.None;
                    },
                },
                Token);
        }
        catch (AuthenticationException)
        {
            // Nobody trusts a certificate that was made here; who it names is all that is asked.
        }

        return subject;
    }
}
