using System.Net;
using System.Net.Sockets;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Printing;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Culprit.Server.Alerting.Sinks.Email;

/// <summary>Sends alerts by SMTP.</summary>
/// <remarks>A server has no dedup key: an attempt that was taken but whose answer got lost is sent again, under the same message id.</remarks>
/// <param name="options">Without mistakes.</param>
internal sealed class EmailSink(string name, EmailOptions options, INetwork network, TimeProvider clock) : IAlertSink
{
    private const int MaxShown = 300;

    private readonly GuardedConnector _connector = new(options, network);

    public string Name => name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!AlertParser.TryParse(alert.Json, out var parsed, out var mistake))
        {
            return new(DeliveryOutcome.Rejected, $"the alert cannot be read: {mistake}");
        }

        using var deadline = new CancellationTokenSource(SinkClient.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await SendAsync(parsed, either.Token).ConfigureAwait(false);
            return new(DeliveryOutcome.Delivered);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(DeliveryOutcome.Retryable, $"no answer within {SinkClient.Timeout.TotalSeconds:0} s");
        }
        catch (SmtpCommandException e)
        {
            // 5xx is for good (RFC 5321, 4.2.1).
            return new((int)e.StatusCode >= 500 ? DeliveryOutcome.Rejected : DeliveryOutcome.Retryable, Show($"SMTP {(int)e.StatusCode}: {e.Message}"));
        }
        catch (AuthenticationException e)
        {
            return new(DeliveryOutcome.Rejected, Show("the server did not let us sign in: " + e.Message));
        }
        catch (Exception e) when (e is IOException or SocketException or ProtocolException or SslHandshakeException or NotSupportedException)
        {
            return new(DeliveryOutcome.Retryable, Show(e.Message));
        }
    }

    private async Task SendAsync(Alert alert, CancellationToken cancellationToken)
    {
        using var client = new SmtpClient();
        var stream = await _connector.ConnectAsync(new DnsEndPoint(options.Host, options.ActualPort), options.IsPlain, cancellationToken).ConfigureAwait(false);
        await client.ConnectAsync(stream, options.Host, options.ActualPort, Security(), cancellationToken).ConfigureAwait(false);
        if (options.User is { } user)
        {
            await client.AuthenticateAsync(user, options.Password!, cancellationToken).ConfigureAwait(false);
        }

        await client.SendAsync(EmailMessage.Write(alert, options, clock.GetUtcNow()), cancellationToken).ConfigureAwait(false);
        await client.DisconnectAsync(quit: true, cancellationToken).ConfigureAwait(false);
    }

    private SecureSocketOptions Security() => options.Security switch
    {
        "tls" => SecureSocketOptions.SslOnConnect,
        "none" => SecureSocketOptions.None,
        _ => SecureSocketOptions.StartTls,
    };

    private string Show(string text) => TextCut.Fit(
        TerminalText.Visible(options.Secrets().Where(s => s.Length > 0).Aggregate(text, (shown, secret) => shown.Replace(secret, "(secret)", StringComparison.Ordinal))), MaxShown);
}
