using System.Net.Http.Headers;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Slack;

/// <summary>Posts to a Slack channel as a bot: one message for each incident, which always shows how it stands, and everything later in its thread.</summary>
/// <remarks>
/// The first message is brought up to date before the reply is posted: doing that twice changes nothing. Slack has no dedup key: an attempt
/// that was taken but whose answer got lost is seen twice.
/// </remarks>
/// <param name="options">Without mistakes, and with a token.</param>
internal sealed class SlackBotSink(string name, SlackOptions options, SinkContext context) : IAlertSink, IDisposable
{
    private readonly SinkClient _client = new(options, context.Network, context.Clock);
    private readonly Uri _post = new(options.Target.TrimEnd('/') + "/chat.postMessage");
    private readonly Uri _update = new(options.Target.TrimEnd('/') + "/chat.update");

    /// <summary>What was posted and could not be written down yet: the next try must not post it again.</summary>
    private (string AlertId, AlertThread Thread)? _unsaved;

    public string Name => name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!AlertParser.TryParse(alert.Json, out var parsed, out var mistake))
        {
            return new(DeliveryOutcome.Rejected, $"the alert cannot be read: {mistake}");
        }

        if (_unsaved is { } unsaved)
        {
            await context.Threads.SaveAsync(unsaved.Thread, cancellationToken).ConfigureAwait(false);
            _unsaved = null;
            if (unsaved.AlertId == alert.Id)
            {
                return new(DeliveryOutcome.Delivered);
            }
        }

        var thread = await context.Threads.FindAsync(name, parsed.IncidentId, cancellationToken).ConfigureAwait(false);
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
            var thread = new AlertThread(name, alert.IncidentId, channel, message, item.Json, context.Clock.GetUtcNow());
            _unsaved = (item.Id, thread);
            await context.Threads.SaveAsync(thread, cancellationToken).ConfigureAwait(false);
            _unsaved = null;
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

    private async Task<(DeliveryResult Result, SlackReply Reply)> SendAsync(Uri url, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var answer = await _client.PostAsync(
            url, body, headers => headers.Authorization = new AuthenticationHeaderValue("Bearer", options.Token), cancellationToken).ConfigureAwait(false);
        var reply = SlackReply.Read(answer.Body.Span);
        return answer.IsSuccess ? (reply.ToResult(answer), reply) : (answer.ToResult(), reply);
    }
}
