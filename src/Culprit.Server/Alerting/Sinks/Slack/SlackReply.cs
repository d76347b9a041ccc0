using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Server.Printing;

namespace Culprit.Server.Alerting.Sinks.Slack;

/// <summary>What Slack's Web API answered: its status is 200 also when it refuses.</summary>
/// <param name="Error">Slack's word for why not, such as <c>channel_not_found</c>; null when it is done, or nothing was understood.</param>
internal readonly record struct SlackReply(bool IsOk, string? Error, string? Channel, string? Message)
{
    private static readonly string[] Passing =
        ["ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "accesslimited"];

    /// <summary>The message that was meant is gone or can no longer be changed.</summary>
    public bool IsMessageGone => Error is "message_not_found" or "thread_not_found" or "cant_update_message" or "edit_window_closed" or "invalid_thread_ts";

    /// <summary>Reads the top of the answer; it may be cut off behind what is needed, for Slack repeats the whole message.</summary>
    public static SlackReply Read(ReadOnlySpan<byte> json)
    {
        var (isOk, error, channel, message) = (false, (string?)null, (string?)null, (string?)null);
        var reader = new Utf8JsonReader(json, isFinalBlock: false, state: default);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
                {
                    continue;
                }

                var name = reader.GetString();
                if (!reader.Read())
                {
                    break;
                }

                switch (name)
                {
                    case "ok":
                        isOk = reader.TokenType == JsonTokenType.True;
                        break;
                    case "error" when reader.TokenType == JsonTokenType.String:
                        error = reader.GetString();
                        break;
                    case "channel" when reader.TokenType == JsonTokenType.String:
                        channel = reader.GetString();
                        break;
                    case "ts" when reader.TokenType == JsonTokenType.String:
                        message = reader.GetString();
                        break;
                    default:
                        break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not Slack, or not its API: without "ok" it counts as failed.
        }

        return new SlackReply(isOk, error, channel, message);
    }

    /// <param name="answer">A success of HTTP.</param>
    public DeliveryResult ToResult(SinkAnswer answer) => this switch
    {
        { IsOk: true } => new(DeliveryOutcome.Delivered),
        { Error: null } => new(DeliveryOutcome.Retryable, $"HTTP {answer.Status}, but not an answer of Slack's API: {answer.Text}"),
        { Error: var error } when Passing.Contains(error) => new(DeliveryOutcome.Retryable, "Slack: " + error, answer.RetryAfter),
        { Error: var error } => new(DeliveryOutcome.Rejected, "Slack: " + TextCut.Fit(TerminalText.Visible(error), 100)),
    };
}
