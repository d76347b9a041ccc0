using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Alertmanager;
using Culprit.Server.Alerting.Sinks.Email;
using Xunit;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>Debian's Alertmanager, asked by its own amtool, and a real SMTP server.</summary>
public sealed class RealReceiversTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AlertmanagerHasOneAlertOfAnIncidentAndEndsIt()
    {
        var program = ExternalProgram.Require("alertmanager", "prometheus-alertmanager");
        var amtool = ExternalProgram.Require("alertmanager", "amtool");
        using var folder = new TempFolder();
        var config = Path.Combine(folder.Path, "am.yml");
        await File.WriteAllTextAsync(config, "route:\n  receiver: none\nreceivers:\n  - name: none\n", Token);
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        using var process = Start(
            program, $"--config.file={config}", $"--storage.path={folder.Path}", "--cluster.listen-address=", "--web.listen-address=" + new Uri(url).Authority);
        try
        {
            using var sink = new AlertmanagerSink(
                "am",
                new AlertmanagerOptions { Type = "alertmanager", Url = url, AllowLoopback = true, Labels = { ["team"] = "payments" } },
                new SystemNetwork(), TimeProvider.System);
            await UntilAsync(async () => (await sink.DeliverAsync(SomeEvent.Item(), Token)).Outcome == DeliveryOutcome.Delivered, process);

            var updated = await sink.DeliverAsync(SomeEvent.Item("alert.updated", severity: "critical"), Token);
            var firing = await AlertsAsync(amtool, url);
            var resolved = await sink.DeliverAsync(SomeEvent.Item("alert.resolved"), Token);

            Assert.Equal((DeliveryOutcome.Delivered, DeliveryOutcome.Delivered), (updated.Outcome, resolved.Outcome));
            var alert = Assert.Single(firing);
            Assert.Equal(SomeEvent.IncidentId, alert.GetProperty("labels").GetProperty("incident_id").GetString());
            Assert.Equal("payments", alert.GetProperty("labels").GetProperty("team").GetString());
            Assert.Equal("critical", alert.GetProperty("annotations").GetProperty("severity").GetString());
            await UntilAsync(async () => (await AlertsAsync(amtool, url)).Count == 0, process);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task AMailServerGetsTheSameMessageOnEveryTry()
    {
        var program = ExternalProgram.Require("smtp", "aiosmtpd");
        using var folder = new TempFolder();
        var mails = Path.Combine(folder.Path, "mails");
        var port = FreePort.Next();
        using var process = Start(program, "-n", "-l", $"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Mailbox", mails);
        try
        {
            var options = new EmailOptions
            {
                Type = "email",
                Host = "127.0.0.1",
                Port = port,
                Security = "none",
                AllowLoopback = true,
                From = "culprit@example.com",
                To = ["oncall@example.com", "two@example.com"],
            };
            var sink = new EmailSink("mail", options, new SystemNetwork(), TimeProvider.System);
            await UntilAsync(async () => (await sink.DeliverAsync(SomeEvent.Item(text: "a line with ünïcode\n.\nQUIT"), Token)).Outcome == DeliveryOutcome.Delivered, process);

            var again = await sink.DeliverAsync(SomeEvent.Item(text: "a line with ünïcode\n.\nQUIT"), Token);

            Assert.Equal(new DeliveryResult(DeliveryOutcome.Delivered), again);
            var read = Directory.GetFiles(Path.Combine(mails, "new")).Select(f => MimeKit.MimeMessage.Load(f, Token)).ToList();
            Assert.Equal(2, read.Count);
            Assert.Single(read.Select(m => m.MessageId).Distinct());
            Assert.All(read, m => Assert.Contains("ünïcode\n.\nQUIT", m.TextBody!.ReplaceLineEndings("\n"), StringComparison.Ordinal));
            Assert.All(read, m => Assert.Equal(2, m.To!.Count));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task AServerWithoutTlsIsNotSentToWhereTlsIsAskedFor()
    {
        var program = ExternalProgram.Require("smtp", "aiosmtpd");
        using var folder = new TempFolder();
        var port = FreePort.Next();
        using var process = Start(program, "-n", "-l", $"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Mailbox", Path.Combine(folder.Path, "mails"));
        try
        {
            var options = new EmailOptions
            {
                Type = "email",
                Host = "127.0.0.1",
                Port = port,
                AllowLoopback = true,
                From = "culprit@example.com",
                To = ["oncall@example.com"],
                User = "culprit",
                Password = "a-secret-of-ours",
            };
            var sink = new EmailSink("mail", options, new SystemNetwork(), TimeProvider.System);
            DeliveryResult result = default;
            await UntilAsync(
                async () => (result = await sink.DeliverAsync(SomeEvent.Item(), Token)).Detail?.Contains("refused", StringComparison.OrdinalIgnoreCase) == false, process);

            Assert.Equal(DeliveryOutcome.Retryable, result.Outcome);
            Assert.DoesNotContain("a-secret-of-ours", result.Detail, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(folder.Path, "mails", "new")) && Directory.GetFiles(Path.Combine(folder.Path, "mails", "new")).Length > 0);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Theory]
    [InlineData("169.254.169.254", "never a receiver")]
    [InlineData("10.0.0.25", "private")]
    [InlineData("127.0.0.1", "this machine")]
    public async Task AMailServerIsHeldToTheSameAddressesAsEveryReceiver(string host, string reason)
    {
        var network = new RecordingNetwork(new Dictionary<string, string[]> { ["mail.example.com"] = [host] });
        var options = new EmailOptions { Type = "email", Host = "mail.example.com", From = "c@example.com", To = ["o@example.com"] };

        var result = await new EmailSink("mail", options, network, TimeProvider.System).DeliverAsync(SomeEvent.Item(), Token);

        Assert.Equal(DeliveryOutcome.Retryable, result.Outcome);
        Assert.Contains(reason, result.Detail, StringComparison.Ordinal);
    }

    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, Process process)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            Assert.False(process.HasExited, "the receiver ended");
            await pause.WaitForNextTickAsync(limit.Token);
        }
    }

    private static async Task<List<JsonElement>> AlertsAsync(string amtool, string url)
    {
        using var process = Process.Start(new ProcessStartInfo(
            amtool, ["--alertmanager.url=" + url, "alert", "query", "-o", "json"])
        { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.Equal("0", process.ExitCode.ToString(CultureInfo.InvariantCulture));
        using var json = JsonDocument.Parse(output);
        return [.. json.RootElement.EnumerateArray().Select(a => a.Clone())];
    }
}
