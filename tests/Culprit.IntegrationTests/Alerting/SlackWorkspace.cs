using System.Globalization;
using System.Text.Json;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>Slack's Web API as far as it is documented for bots that post: refusals come with status 200 and <c>ok: false</c>.</summary>
internal sealed class SlackWorkspace
{
    public const string Token = "xoxb-very-secret-token";
    public const string Channel = "C0123456789";

    private static readonly string[] PostKeys =
        ["channel", "text", "blocks", "mrkdwn", "unfurl_links", "unfurl_media", "parse", "link_names", "thread_ts", "reply_broadcast"];

    private static readonly string[] UpdateKeys = ["channel", "ts", "text", "blocks", "parse", "link_names"];

    private readonly Lock _gate = new();

    /// <summary>In the order in which they were posted.</summary>
    public List<SlackPosting> Postings { get; } = [];

    public Reply Answer(Arrival request)
    {
        lock (_gate)
        {
            if (request.Headers.GetValueOrDefault("Authorization") != "Bearer " + Token)
            {
                return Refused("invalid_auth");
            }

            var json = JsonDocument.Parse(request.Body).RootElement;
            var isUpdate = request.Path == "/api/chat.update";
            if (!isUpdate && request.Path != "/api/chat.postMessage")
            {
                return Refused("unknown_method");
            }

            if (json.EnumerateObject().Select(p => p.Name).FirstOrDefault(n => !(isUpdate ? UpdateKeys : PostKeys).Contains(n)) is { } unknown)
            {
                return Refused("invalid_arguments " + unknown);
            }

            if (Text(json, "channel") != Channel)
            {
                return Refused("channel_not_found");
            }

            if (Documented.SlackBlocks(json).Count > 0)
            {
                return Refused("invalid_blocks");
            }

            return isUpdate ? Update(json) : Post(json);
        }
    }

    private static Reply Refused(string error) => new(200, JsonSerializer.Serialize(new { ok = false, error }));

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;

    private Reply Update(JsonElement json)
    {
        if (Postings.Find(p => p.Ts == Text(json, "ts")) is not { } posting)
        {
            return Refused("message_not_found");
        }

        posting.Json = json;
        return Done(json, posting.Ts);
    }

    private Reply Post(JsonElement json)
    {
        if (Text(json, "thread_ts") is { } thread && !Postings.Exists(p => p.Ts == thread && p.Thread is null))
        {
            return Refused("thread_not_found");
        }

        var ts = string.Create(CultureInfo.InvariantCulture, $"17000000{Postings.Count:00}.000100");
        Postings.Add(new SlackPosting(ts, Text(json, "thread_ts"), json.TryGetProperty("reply_broadcast", out var b) && b.GetBoolean()) { Json = json });
        return Done(json, ts);
    }

    /// <summary>Slack repeats the message behind its name.</summary>
    private static Reply Done(JsonElement json, string ts) => new(200, JsonSerializer.Serialize(new { ok = true, channel = Channel, ts, message = json }));
}

/// <summary>One message in a channel.</summary>
/// <param name="Thread">The message that it replies to; null for one of the channel.</param>
internal sealed record SlackPosting(string Ts, string? Thread, bool IsBroadcast)
{
    public JsonElement Json { get; set; }

    public string Header => Json.GetProperty("blocks")[0].GetProperty("text").GetProperty("text").GetString()!;

    public string Blocks => Json.GetProperty("blocks").GetRawText();
}
