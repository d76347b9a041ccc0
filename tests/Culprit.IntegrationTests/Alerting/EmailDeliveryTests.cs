using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Email;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>Mail to a server of ours, which answers as RFC 5321 says.</summary>
public sealed class EmailDeliveryTests : IAsyncDisposable
{
    private readonly SmtpReceiver _smtp = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _smtp.DisposeAsync();

    [Theory]
    [InlineData("alert.firing")]
    [InlineData("alert.updated")]
    [InlineData("alert.acknowledged")]
    [InlineData("alert.resolved")]
    public async Task EveryKindIsAMessageOfTheIncidentsThread(string type)
    {
        var result = await Sink().DeliverAsync(SomeEvent.Item(type), Token);

        Assert.Equal(new DeliveryResult(DeliveryOutcome.Delivered), result);
        var message = Assert.Single(_smtp.Messages);
        Assert.Contains($"References: <incident-{SomeEvent.IncidentId}@culprit.invalid>", message, StringComparison.Ordinal);
        Assert.Contains($"Message-Id: <{SomeEvent.AlertId}@culprit.invalid>", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("421 4.7.0 too many connections", true)]
    [InlineData("450 4.2.1 greylisted", true)]
    [InlineData("451 4.3.0 try later", true)]
    [InlineData("452 4.3.1 out of storage", true)]
    [InlineData("550 5.7.1 not allowed", false)]
    [InlineData("552 5.3.4 too large", false)]
    [InlineData("553 5.1.8 no such sender", false)]
    [InlineData("554 5.7.1 rejected", false)]
    public async Task TheFirstDigitSaysWhetherItIsWorthAnotherTry(string answer, bool isRetryable)
    {
        _smtp.Refusal = answer;

        var result = await Sink().DeliverAsync(SomeEvent.Item(), Token);

        Assert.Equal(isRetryable ? DeliveryOutcome.Retryable : DeliveryOutcome.Rejected, result.Outcome);
        Assert.Contains(answer[10..], result.Detail, StringComparison.Ordinal);
        Assert.Empty(_smtp.Messages);
    }

    [Theory]
    [InlineData("a\r\nBcc: victim@example.com\r\n\r\n.\r\nQUIT\r\n")]
    [InlineData("😀\u202e\0")]
    public async Task LinesAreNoLongerThanMailTakesAndHeadersAreOurs(string text)
    {
        await Sink().DeliverAsync(SomeEvent.Item(text: new string('x', 5000) + text), Token);

        var message = Assert.Single(_smtp.Messages);
        Assert.All(message.Split('\n'), line => Assert.InRange(line.Length, 0, 998));
        Assert.DoesNotContain("\nBcc:", message[..message.IndexOf("\n\n", StringComparison.Ordinal)], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(message, c => c is '\0' or '\u202e');
    }

    private EmailSink Sink()
    {
        var options = new EmailOptions
        {
            Type = "email",
            Host = "localhost",
            Port = _smtp.Port,
            Security = "none",
            AllowLoopback = true,
            From = "culprit@test.test",
            To = ["oncall@test.test"],
        };
        Assert.Empty(options.Mistakes("x"));
        return new EmailSink("mail", options, new SystemNetwork(), TimeProvider.System);
    }
}
