using System.Data.Common;
using System.Net.Http.Headers;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Sinks.Slack;

/// <summary>Posts to a Slack channel as a bot: one message for each incident, which always shows how it stands, and everything later in its thread.</summary>
/// <remarks>
/// The first message is brought up to date before the reply is posted: doing that twice changes nothing. Slack has no dedup key: an attempt
/// that was taken but whose answer got lost is seen twice.
/// </remarks>
/// <param name="options">Without mistakes, and with a token.</param>
internal sealed class SlackBotSink(string name, SlackOptions options, SinkContext context) : IAlertSink, IDisposable
{
    private const int MaxUnsaved = 1000;

    private readonly SinkClient _client = new(options, context.Network, context.Clock);
    private readonly Uri _post = new(options.Target.TrimEnd('/') + "/chat.postMessage");
    private readonly Uri _update = new(options.Target.TrimEnd('/') + "/chat.update");

    /// <summary>By incident, what was posted and could not be written down yet: the store may be away, and alerts go out meanwhile.</summary>
    private readonly Dictionary<string, AlertThread> _unsaved = new(StringComparer.Ordinal);

    public string Name => name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!AlertParser.TryParse(alert.Json, out var parsed, out var mistake))
        {
            return new(DeliveryOutcome.Rejected, $"the alert cannot be read: {mistake}");
        }

        await SaveAsync(cancellationToken).ConfigureAwait(false);
        var thread = await FindAsync(parsed.IncidentId, cancellationToken).ConfigureAwait(false);
        return thread is null || !AlertParser.TryParse(thread.FirstJson, out var first, out _)
            ? await BeginAsync(alert, parsed, cancellationToken).ConfigureAwait(false)
            : await FollowAsync(alert, parsed, thread, first, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _client.Dispose();

    private async Task<DeliveryResult> BeginAsync(OutboxItem item, Alert alert, CancellationToken cancellationToken)
    {
        var (result, reply) = await SendAsync(_post, SlackMessage.WritePost(alert, options, thread: null), cancellationToken).ConfigureAwait(false);
        if (result.Outcome == DeliveryOutcome.Delivered && reply is { Channel: { } channel, Message: { } message })
        {
            _unsaved[alert.IncidentId] = new AlertThread(name, alert.IncidentId, channel, message, item.Json, context.Clock.GetUtcNow());
            await SaveAsync(cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    private async Task<DeliveryResult> FollowAsync(OutboxItem item, Alert alert, AlertThread thread, Alert first, CancellationToken cancellationToken)
    {
        var (updated, state) = await SendAsync(_update, SlackMessage.WriteUpdate(first, alert, options, thread), cancellationToken).ConfigureAwait(false);
        if (updated.Outcome != DeliveryOutcome.Delivered && !state.IsMessageGone)
        {
            return updated;
        }

        var (result, reply) = await SendAsync(_post, SlackMessage.WritePost(alert, options, thread), cancellationToken).ConfigureAwait(false);
        return result.Outcome != DeliveryOutcome.Delivered && reply.IsMessageGone
            ? await BeginAsync(item, alert, cancellationToken).ConfigureAwait(false)
            : result;
    }

    private async Task<AlertThread?> FindAsync(string incidentId, CancellationToken cancellationToken)
    {
        if (_unsaved.TryGetValue(incidentId, out var held))
        {
            return held;
        }

        try
        {
            return await context.Threads.FindAsync(name, incidentId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DbException or IOException)
        {
            // An alert in the channel is better than one that waits for its thread.
            return null;
        }
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var thread in _unsaved.Values.ToList())
            {
                await context.Threads.SaveAsync(thread, cancellationToken).ConfigureAwait(false);
                _unsaved.Remove(thread.IncidentId);
            }
        }
        catch (Exception e) when (e is DbException or IOException)
        {
            // Tried again with the next alert. What was posted must not be posted again for it.
            if (_unsaved.Count > MaxUnsaved)
            {
                _unsaved.Remove(_unsaved.MinBy(t => t.Value.At).Key);
            }
        }
    }

    private async Task<(DeliveryResult Result, SlackReply Reply)> SendAsync(Uri url, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var answer = await _client.PostAsync(
            url, body, headers => headers.Authorization = new AuthenticationHeaderValue("Bearer", options.Token), cancellationToken).ConfigureAwait(false);
        var reply = SlackReply.Read(answer.Body.Span);
        return answer.IsSuccess ? (reply.ToResult(answer), reply) : (answer.ToResult(), reply);
    }
}
