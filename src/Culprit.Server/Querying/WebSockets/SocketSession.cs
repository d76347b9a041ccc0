using System.Buffers;
using System.Net.WebSockets;
using System.Threading.Channels;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.HighAvailability;
using Culprit.Server.Ingestion;
using Microsoft.Extensions.Primitives;

namespace Culprit.Server.Querying.WebSockets;

/// <summary>One open WebSocket: one task reads and acts, another sends; only the second touches the outgoing side.</summary>
/// <remarks>
/// Answers are never dropped: a client that sends without reading them is no longer read itself. Events are dropped, counted and
/// announced when a client is too slow for them.
/// </remarks>
internal sealed partial class SocketSession(
    WebSocket socket, string client, EventIntake intake, EventHub hub, BodyBudget budget, SocketLimits limits, ServerRole? role, TimeProvider clock, ILogger logger)
{
    /// <summary>Answers under way: what is published meanwhile shares a sync of the journal.</summary>
    private const int MaxAnswers = 32;

    /// <summary>Events sent before answers are looked at again.</summary>
    private const int MaxRun = 64;
    private const int FirstRead = 4096;

    private static readonly (WebSocketCloseStatus Status, string Reason) BugStatus =
        (WebSocketCloseStatus.InternalServerError, "something went wrong on our side");

    // What a client still sends after we closed is read for so long: a reset could take our reason away from it.
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly Channel<Outgoing> _answers =
        Channel.CreateBounded<Outgoing>(new BoundedChannelOptions(MaxAnswers) { SingleReader = true, SingleWriter = true });

    private readonly ArrayBufferWriter<byte> _event = new();
    private (WebSocketCloseStatus Status, string Reason) _closing = (WebSocketCloseStatus.NormalClosure, "");

    /// <summary>Runs until the client closes, breaks a limit, or the server stops.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ended = new CancellationTokenSource();
        var receiving = ReceiveAsync(ended.Token);
        try
        {
            await SendAsync(stopping, ended.Token).ConfigureAwait(false);
            await receiving.WaitAsync(ClosePatience, clock, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or TimeoutException or IOException)
        {
            // The client left without a word, or took nothing for too long: both end it.
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            socket.Abort();
            await receiving.ConfigureAwait(false);
            while (_answers.Reader.TryRead(out var left))
            {
                left.Subscription?.Dispose();
            }
        }
    }

    private async Task ReceiveAsync(CancellationToken ended)
    {
        try
        {
            while (await ReadMessageAsync(ended).ConfigureAwait(false) is { } message)
            {
                limits.CountMessage();
                var answer = Act(message);
                try
                {
                    await _answers.Writer.WriteAsync(answer, ended).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    answer.Subscription?.Dispose();
                    throw;
                }
            }

            _answers.Writer.TryComplete();
            await DrainAsync(ended).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The connection is gone; the sender notices.
        }
        catch (Exception e)
        {
            // The outermost loop of what a client sends: a bug is logged, and the client learns only that there is one.
            SessionFailed(client, e);
            _closing = BugStatus;
        }
        finally
        {
            _answers.Writer.TryComplete();
        }
    }

    /// <summary>One whole message; null when there will be no more. The caller disposes it.</summary>
    private async Task<PooledBuffer?> ReadMessageAsync(CancellationToken ended)
    {
        // Waits without a buffer: a client that says nothing costs none.
        var read = await socket.ReceiveAsync(Memory<byte>.Empty, ended).ConfigureAwait(false);
        var message = new PooledBuffer(budget);
        try
        {
            while (true)
            {
                if (read.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }

                if (read.MessageType == WebSocketMessageType.Binary)
                {
                    return Refuse(WebSocketCloseStatus.InvalidMessageType, "send text");
                }

                message.Advance(read.Count);
                if (message.Length > SocketLimits.MaxMessageBytes)
                {
                    return Refuse(WebSocketCloseStatus.MessageTooBig, $"a message may have {SocketLimits.MaxMessageBytes} bytes");
                }

                if (read.EndOfMessage)
                {
                    (var whole, message) = (message, null);
                    return whole;
                }

                var free = message.GetFree(FirstRead);
                if (free.IsEmpty)
                {
                    return Refuse((WebSocketCloseStatus)1013, "too much is being read at this moment; try again later");
                }

                read = await socket.ReceiveAsync(free, ended).ConfigureAwait(false);
            }
        }
        finally
        {
            message?.Dispose();
        }
    }

    private PooledBuffer? Refuse(WebSocketCloseStatus status, string reason)
    {
        _closing = (status, reason);
        return null;
    }

    private async Task DrainAsync(CancellationToken ended)
    {
        var scratch = new byte[FirstRead];
        while (socket.State is WebSocketState.Open or WebSocketState.CloseSent
            && (await socket.ReceiveAsync(scratch.AsMemory(), ended).ConfigureAwait(false)).MessageType != WebSocketMessageType.Close)
        {
            // Thrown away.
        }
    }

    /// <summary>Does what the message says. Publishing has reached the journal's queue when this returns, so order is kept.</summary>
    private Outgoing Act(PooledBuffer message)
    {
        var (parsed, mistake) = SocketMessageParser.Parse(message.Memory);
        var scope = parsed?.Action switch
        {
            SocketAction.Publish => KeyScopes.Ingest,
            SocketAction.Subscribe => KeyScopes.Read,
            _ => KeyScopes.None,
        };
        if (scope != KeyScopes.None && Caller.Current?.Key?.Allows(scope) == false)
        {
            using (message)
            {
                return Now(SocketAnswer.Rejected(new SocketMistake(
                    "wrong_scope", $"The key needs the scope {KeyWords.ToWords(scope)[0]} for that.", parsed!.Ref)));
            }
        }

        if (parsed?.Action == SocketAction.Publish)
        {
            return new Outgoing(PublishAsync(message, parsed));
        }

        using (message)
        {
            return parsed is null ? Now(SocketAnswer.Rejected(mistake!)) : parsed.Action switch
            {
                SocketAction.Ping => Now(SocketAnswer.Status(parsed.Ref, "pong")),
                SocketAction.Unsubscribe => Now(SocketAnswer.Status(parsed.Ref, "unsubscribed")) with { Switches = true },
                SocketAction.Subscribe => Subscribe(parsed),
                _ => throw new System.Diagnostics.UnreachableException($"Unknown action {parsed.Action}."),
            };
        }
    }

    private async Task<ReadOnlyMemory<byte>> PublishAsync(PooledBuffer message, SocketMessage parsed)
    {
        using (message)
        {
            var (taken, problem) = await intake.TakeAsync(parsed.Body).ConfigureAwait(false);
            return problem is null ? SocketAnswer.Published(parsed.Ref, taken!) : SocketAnswer.Rejected(parsed.Ref, problem);
        }
    }

    private Outgoing Subscribe(SocketMessage parsed)
    {
        if (role is { IsActive: false })
        {
            return Now(SocketAnswer.Rejected(new SocketMistake("standby", $"This server is the standby. Subscribe at the active one: {role.Active}.", parsed.Ref)));
        }

        var query = new QueryCollection(parsed.Filter.ToDictionary(p => p.Key, p => new StringValues(p.Value), StringComparer.Ordinal));
        var (filter, problem) = EventFilterParser.Parse(query, EventFilterParser.StreamParameters);
        if (problem is not null)
        {
            return Now(SocketAnswer.Rejected(parsed.Ref, problem));
        }

        return hub.Subscribe(filter) is { } subscription
            ? new Outgoing(Task.FromResult(SocketAnswer.Status(parsed.Ref, "subscribed")), true, subscription)
            : Now(SocketAnswer.Rejected(
                new SocketMistake("too_many_streams", $"There are {EventHub.MaxSubscribers} streams already.", parsed.Ref)));
    }

    private static Outgoing Now(ReadOnlyMemory<byte> answer) => new(Task.FromResult(answer));

    private async Task SendAsync(CancellationToken stopping, CancellationToken ended)
    {
        try
        {
            await PumpAsync(stopping, ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            _closing = (WebSocketCloseStatus.EndpointUnavailable, "the server stops");
        }
        catch (Exception e) when (e is not (WebSocketException or TimeoutException or IOException or OperationCanceledException))
        {
            // The outermost loop of a connection: a bug is logged, and the client learns only that there is one.
            SessionFailed(client, e);
            _closing = BugStatus;
        }

        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await socket.CloseOutputAsync(_closing.Status, _closing.Reason, ended).WaitAsync(ClosePatience, clock, ended).ConfigureAwait(false);
        }
    }

    /// <summary>Sends answers first, then events; returns when the last answer is sent and no more will come.</summary>
    private async Task PumpAsync(CancellationToken stopping, CancellationToken ended)
    {
        var never = new TaskCompletionSource<bool>().Task;
        var hasEvent = never;
        Subscription? subscription = null;
        try
        {
            var hasAnswer = _answers.Reader.WaitToReadAsync(stopping).AsTask();
            while (true)
            {
                await Task.WhenAny(hasAnswer, hasEvent).ConfigureAwait(false);
                if (hasAnswer.IsCompleted)
                {
                    if (!await hasAnswer.ConfigureAwait(false))
                    {
                        return;
                    }

                    while (_answers.Reader.TryRead(out var answer))
                    {
                        if (answer.Switches)
                        {
                            subscription?.Dispose();
                            subscription = answer.Subscription;
                            hasEvent = subscription?.Reader.WaitToReadAsync(stopping).AsTask() ?? never;
                        }

                        await SendAsync(await answer.Json.WaitAsync(stopping).ConfigureAwait(false), ended).ConfigureAwait(false);
                    }

                    hasAnswer = _answers.Reader.WaitToReadAsync(stopping).AsTask();
                }

                if (subscription is not null && hasEvent.IsCompleted)
                {
                    await hasEvent.ConfigureAwait(false);
                    await SendEventsAsync(subscription, ended).ConfigureAwait(false);
                    hasEvent = subscription.Reader.WaitToReadAsync(stopping).AsTask();
                }
            }
        }
        finally
        {
            subscription?.Dispose();
        }
    }

    private async Task SendEventsAsync(Subscription subscription, CancellationToken ended)
    {
        for (var i = 0; i < MaxRun && subscription.Reader.TryRead(out var live); i++)
        {
            _event.ResetWrittenCount();
            SocketAnswer.WriteEvent(_event, live.Json.Span);
            await SendAsync(_event.WrittenMemory, ended).ConfigureAwait(false);
        }

        if (subscription.TakeDropped() is > 0 and var dropped)
        {
            limits.CountDropped(dropped);
            _event.ResetWrittenCount();
            SocketAnswer.WriteDropped(_event, dropped);
            await SendAsync(_event.WrittenMemory, ended).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> json, CancellationToken ended)
    {
        var sending = socket.SendAsync(json, WebSocketMessageType.Text, endOfMessage: true, ended).AsTask();
        if (sending.IsCompletedSuccessfully)
        {
            return;
        }

        try
        {
            await sending.WaitAsync(SocketLimits.LongestSend, clock, ended).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            limits.CountSlow();
            ClientSlow(client, SocketLimits.LongestSend.TotalSeconds);
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "WebSocket client {Client} read nothing for {Seconds} s and was closed")]
    private partial void ClientSlow(string client, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "The WebSocket of client {Client} failed")]
    private partial void SessionFailed(string client, Exception exception);

    /// <summary>An answer on its way.</summary>
    /// <param name="Switches">With it the client's subscription becomes <paramref name="Subscription"/>, or none.</param>
    private readonly record struct Outgoing(Task<ReadOnlyMemory<byte>> Json, bool Switches = false, Subscription? Subscription = null);
}
