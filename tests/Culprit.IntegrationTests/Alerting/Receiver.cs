using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>One request as it arrived.</summary>
internal sealed record Arrival(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>What a receiver answers.</summary>
internal sealed record Reply(int Status, string Body = "", string? RetryAfter = null, string? Location = null);

/// <summary>A real HTTP server on a free port of this machine that keeps what arrived and answers by a rule.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<Arrival> _hangs = Channel.CreateUnbounded<Arrival>();
    private readonly Func<Arrival, Reply> _rule;
    private int _accepted;

    private Receiver(Func<Arrival, Reply> rule)
    {
        _rule = rule;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public ConcurrentQueue<Arrival> Arrivals { get; } = [];

    /// <summary>Answers that come before the rule's, one each.</summary>
    public ConcurrentQueue<Reply> Next { get; } = [];

    /// <summary>Requests that were answered with success.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Takes requests and never answers.</summary>
    public bool Hangs { get; set; }

    /// <summary>Sends the headers, then an answer without end.</summary>
    public bool AnswersWithoutEnd { get; set; }

    public string Url => _app.Urls.Single();

    public static async Task<Receiver> StartAsync(Func<Arrival, Reply> rule, CancellationToken cancellationToken)
    {
        var receiver = new Receiver(rule);
        await receiver._app.StartAsync(cancellationToken);
        return receiver;
    }

    /// <summary>Waits until a request hangs.</summary>
    public ValueTask<Arrival> HangingAsync(CancellationToken cancellationToken) => _hangs.Reader.ReadAsync(cancellationToken);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var arrival = new Arrival(
            context.Request.Method,
            context.Request.Path,
            context.Request.QueryString.Value ?? "",
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        Arrivals.Enqueue(arrival);
        if (Hangs)
        {
            await _hangs.Writer.WriteAsync(arrival);
            var ended = new TaskCompletionSource();
            await using var registration = context.RequestAborted.Register(ended.SetResult);
            await ended.Task;
            return;
        }

        var reply = Next.TryDequeue(out var next) ? next : _rule(arrival);
        context.Response.StatusCode = reply.Status;
        _ = reply.Status is >= 200 and < 300 ? Interlocked.Increment(ref _accepted) : 0;
        if (reply.RetryAfter is not null)
        {
            context.Response.Headers.RetryAfter = reply.RetryAfter;
        }

        if (reply.Location is not null)
        {
            context.Response.Headers.Location = reply.Location;
        }

        if (AnswersWithoutEnd)
        {
            var block = new byte[65536];
            Array.Fill(block, (byte)'z');
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
            }
        }

        await context.Response.WriteAsync(reply.Body, context.RequestAborted);
    }
}
