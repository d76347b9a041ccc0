using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>An SMTP server of ours on a free port of this machine (RFC 5321, as much as sending one message takes).</summary>
internal sealed class SmtpReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly Channel<bool> _hangs = Channel.CreateUnbounded<bool>();
    private readonly Task _serving;

    public SmtpReceiver()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Messages that were taken, as they came.</summary>
    public ConcurrentQueue<string> Messages { get; } = [];

    /// <summary>The answer to the sender's name instead of going on, such as <c>451 try later</c>; null for none.</summary>
    public string? Refusal { get; set; }

    /// <summary>Takes connections and never says anything.</summary>
    public bool Hangs { get; set; }

    /// <summary>Waits until a connection hangs.</summary>
    public ValueTask<bool> HangingAsync(CancellationToken cancellationToken) => _hangs.Reader.ReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        await _serving;
        _ended.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (!_ended.IsCancellationRequested)
            {
                using var client = await _listener.AcceptTcpClientAsync(_ended.Token);
                await TalkAsync(client.GetStream());
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Ended.
        }
    }

    private async Task TalkAsync(NetworkStream stream)
    {
        try
        {
            if (Hangs)
            {
                await _hangs.Writer.WriteAsync(true, _ended.Token);
                _ = await stream.ReadAsync(new byte[1], _ended.Token); // Until the other side has enough.
                return;
            }

            using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
            await SayAsync(stream, "220 receiver.test");
            while (await reader.ReadLineAsync(_ended.Token) is { } line)
            {
                var command = line.Split(' ', ':')[0].ToUpperInvariant();
                if (command == "MAIL" && Refusal is { } refusal)
                {
                    await SayAsync(stream, refusal);
                    continue;
                }

                if (command == "DATA")
                {
                    await SayAsync(stream, "354 go on");
                    await TakeAsync(reader);
                }

                await SayAsync(stream, command switch { "EHLO" => "250 receiver.test", "QUIT" => "221 bye", "RSET" or "MAIL" or "RCPT" or "DATA" => "250 OK", _ => "502 no" });
            }
        }
        catch (IOException)
        {
            // The other side went away.
        }
    }

    private async Task TakeAsync(StreamReader reader)
    {
        var message = new StringBuilder();
        while (await reader.ReadLineAsync(_ended.Token) is { } line && line != ".")
        {
            message.Append(line).Append('\n');
        }

        Messages.Enqueue(message.ToString());
    }

    private async Task SayAsync(NetworkStream stream, string line) => await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), _ended.Token);
}
