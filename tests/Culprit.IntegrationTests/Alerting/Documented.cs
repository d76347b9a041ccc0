using System.Text.Json;

namespace Culprit.IntegrationTests.Alerting;

/// <summary>What the makers of the receivers have written about their APIs, as rules that refuse what breaks them.</summary>
internal static class Documented
{
    private static readonly string[] PagerDutyTop = ["routing_key", "event_action", "dedup_key", "payload", "images", "links", "client", "client_url"];
    private static readonly string[] PagerDutyPayload = ["summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"];

    private static readonly string[] OpsgenieCreate =
    [
        "message", "alias", "description", "responders", "visibleTo", "actions", "tags", "details", "entity", "source", "priority", "user", "note",
    ];

    /// <summary>Events API v2: 202 and the dedup key, or 400 with a list of errors.</summary>
    public static Reply PagerDuty(Arrival request)
    {
        var errors = new Errors();
        if (request is { Method: "POST", Path: "/v2/change/enqueue" })
        {
            return PagerDutyChange(JsonDocument.Parse(request.Body).RootElement);
        }

        if (request is not { Method: "POST", Path: "/v2/enqueue" })
        {
            return new Reply(404);
        }

        if (request.Body.Length > 512_000)
        {
            return new Reply(413);
        }

        var json = JsonDocument.Parse(request.Body).RootElement;
        errors.Keys(json, PagerDutyTop, "");
        errors.Check(Text(json, "routing_key") is { Length: 32 }, "'routing_key' must be 32 characters");
        var action = Text(json, "event_action");
        errors.Check(action is "trigger" or "acknowledge" or "resolve", "'event_action' is invalid");
        errors.Check(action == "trigger" || Text(json, "dedup_key") is { Length: > 0 }, "'dedup_key' is missing or blank");
        errors.Check((Text(json, "dedup_key")?.Length ?? 0) <= 255, "'dedup_key' is too long (maximum is 255 characters)");
        if (action == "trigger")
        {
            if (!json.TryGetProperty("payload", out var payload))
            {
                return Invalid(["'payload' is missing or blank"]);
            }

            errors.Keys(payload, PagerDutyPayload, "payload.");
            errors.Check(Text(payload, "summary") is { Length: > 0 and <= 1024 }, "'payload.summary' must be 1 to 1024 characters");
            errors.Check(Text(payload, "source") is { Length: > 0 and <= 255 }, "'payload.source' is missing or too long");
            errors.Check(Text(payload, "severity") is "critical" or "error" or "warning" or "info", "'payload.severity' is invalid");
            errors.Check(!payload.TryGetProperty("timestamp", out var time) || time.TryGetDateTimeOffset(out _), "'payload.timestamp' is invalid");
            errors.Check(
                !payload.TryGetProperty("custom_details", out var details) || details.ValueKind == JsonValueKind.Object,
                "'payload.custom_details' must be an object");
            if (json.TryGetProperty("links", out var links))
            {
                errors.Check(links.EnumerateArray().All(l => Text(l, "href") is { Length: > 0 } && Text(l, "text") is not null), "'links' is invalid");
            }
        }

        return errors.Found.Count > 0
            ? Invalid(errors.Found)
            : new Reply(202, JsonSerializer.Serialize(new { status = "success", message = "Event processed", dedup_key = Text(json, "dedup_key") }));
    }

    private static Reply PagerDutyChange(JsonElement json)
    {
        var errors = new Errors();
        errors.Keys(json, ["routing_key", "payload", "images", "links"], "");
        errors.Check(Text(json, "routing_key") is { Length: 32 }, "'routing_key' must be 32 characters");
        if (!json.TryGetProperty("payload", out var payload))
        {
            return Invalid(["'payload' is missing or blank"]);
        }

        errors.Keys(payload, ["summary", "timestamp", "source", "custom_details"], "payload.");
        errors.Check(Text(payload, "summary") is { Length: > 0 and <= 1024 }, "'payload.summary' must be 1 to 1024 characters");
        errors.Check(!payload.TryGetProperty("timestamp", out var time) || time.TryGetDateTimeOffset(out _), "'payload.timestamp' is invalid");
        return errors.Found.Count > 0 ? Invalid(errors.Found) : new Reply(202, """{"status":"success","message":"Change event processed"}""");
    }

    private static Reply Invalid(IReadOnlyList<string> errors) =>
        new(400, JsonSerializer.Serialize(new { status = "invalid event", message = "Event object is invalid", errors }));

    /// <summary>Alert API v2: 202 and a request id, 422 for what is invalid.</summary>
    public static Reply Opsgenie(Arrival request)
    {
        if (request.Headers.GetValueOrDefault("Authorization") != "GenieKey 0123456789-key")
        {
            return new Reply(401, """{"message":"Could not authenticate"}""");
        }

        var errors = new Errors();
        var json = JsonDocument.Parse(request.Body).RootElement;
        var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["v2", "alerts", var alias, "close" or "acknowledge"])
        {
            errors.Check(request.Query == "?identifierType=alias", "identifierType must be alias");
            errors.Check(Uri.UnescapeDataString(alias).Length is > 0 and <= 512, "alias");
            errors.Keys(json, ["user", "source", "note"], "");
            errors.Check((Text(json, "note")?.Length ?? 0) <= 25_000, "note");
            errors.Check((Text(json, "source")?.Length ?? 0) <= 100, "source");
        }
        else if (parts is ["v2", "alerts"])
        {
            errors.Keys(json, OpsgenieCreate, "");
            errors.Check(Text(json, "message") is { Length: > 0 and <= 130 }, "message");
            errors.Check((Text(json, "alias")?.Length ?? 0) <= 512, "alias");
            errors.Check((Text(json, "description")?.Length ?? 0) <= 15_000, "description");
            errors.Check((Text(json, "entity")?.Length ?? 0) <= 512, "entity");
            errors.Check((Text(json, "source")?.Length ?? 0) <= 100, "source");
            errors.Check((Text(json, "note")?.Length ?? 0) <= 25_000, "note");
            errors.Check(Text(json, "priority") is null or "P1" or "P2" or "P3" or "P4" or "P5", "priority");
            if (json.TryGetProperty("tags", out var tags))
            {
                errors.Check(tags.GetArrayLength() <= 20 && tags.EnumerateArray().All(t => t.GetString()!.Length <= 50), "tags");
            }

            if (json.TryGetProperty("details", out var details))
            {
                errors.Check(details.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.String), "details must be a map of strings");
                errors.Check(details.EnumerateObject().Sum(p => p.Name.Length + p.Value.GetString()!.Length) <= 8000, "details");
            }

            if (json.TryGetProperty("responders", out var responders))
            {
                errors.Check(responders.EnumerateArray().All(r => Text(r, "type") == "team" && Text(r, "name") is { Length: > 0 }), "responders");
            }
        }
        else
        {
            return new Reply(404);
        }

        return errors.Found.Count > 0
            ? new Reply(422, JsonSerializer.Serialize(new { message = "Request body is not processable", errors = errors.Found }))
            : new Reply(202, """{"result":"Request will be processed","took":0.1,"requestId":"43a29c5c-3dbf-4fa4-9c26-f4f71023e120"}""");
    }

    /// <summary>Incoming webhook with blocks: 200 <c>ok</c>, 400 <c>invalid_blocks</c>.</summary>
    public static Reply Slack(Arrival request)
    {
        var errors = new Errors();
        var json = JsonDocument.Parse(request.Body).RootElement;
        errors.Keys(json, ["text", "blocks", "mrkdwn", "unfurl_links", "unfurl_media"], "");
        return errors.Found.Count + SlackBlocks(json).Count > 0 ? new Reply(400, "invalid_blocks") : new Reply(200, "ok");
    }

    /// <summary>What is wrong with the text and blocks of a message.</summary>
    public static IReadOnlyList<string> SlackBlocks(JsonElement json)
    {
        var errors = new Errors();
        errors.Check(Text(json, "text") is { Length: > 0 and <= 40_000 }, "no_text");
        var blocks = json.GetProperty("blocks").EnumerateArray().ToList();
        errors.Check(blocks.Count <= 50, "too many blocks");
        errors.Check(blocks.Sum(b => Text(b.GetProperty("text"), "text")!.Length) <= 13_000, "msg_blocks_too_long");
        foreach (var block in blocks)
        {
            var text = block.GetProperty("text");
            var length = Text(text, "text")!.Length;
            var isHeader = Text(block, "type") == "header";
            errors.Check(isHeader || Text(block, "type") == "section", "type of block");
            errors.Check(length >= 1 && length <= (isHeader ? 150 : 3000), "length of text");
            errors.Check(Text(text, "type") == "plain_text" || (!isHeader && Text(text, "type") == "mrkdwn"), "type of text");
            errors.Check(Text(text, "type") == "plain_text" || !text.TryGetProperty("emoji", out _), "emoji belongs to plain_text");
        }

        return errors.Found;
    }

    /// <summary>Events API v1: 202 and the event, 400 for what is invalid, 403 without a key. What Datadog would cut counts as invalid here.</summary>
    public static Reply Datadog(Arrival request)
    {
        if (request is not { Method: "POST", Path: "/api/v1/events" })
        {
            return new Reply(404);
        }

        if (request.Headers.GetValueOrDefault("DD-API-KEY") is not { Length: 32 })
        {
            return new Reply(403, """{"errors":["Forbidden"]}""");
        }

        var errors = new Errors();
        var json = JsonDocument.Parse(request.Body).RootElement;
        errors.Keys(
            json,
            ["aggregation_key", "alert_type", "date_happened", "device_name", "host", "priority", "related_event_id", "source_type_name", "tags", "text", "title"],
            "");
        errors.Check(Text(json, "title") is { Length: > 0 and <= 500 }, "title");
        errors.Check(Text(json, "text") is { Length: > 0 and <= 4000 }, "text");
        errors.Check((Text(json, "aggregation_key")?.Length ?? 0) <= 100, "aggregation_key");
        errors.Check(
            Text(json, "alert_type") is null or "error" or "warning" or "info" or "success" or "user_update" or "recommendation" or "snapshot", "alert_type");
        errors.Check(Text(json, "priority") is null or "normal" or "low", "priority");
        errors.Check(!json.TryGetProperty("date_happened", out var at) || at.TryGetInt64(out _), "date_happened must be an integer");
        errors.Check(!json.TryGetProperty("tags", out var tags) || tags.EnumerateArray().All(t => t.GetString() is { Length: > 0 and <= 200 }), "tags");
        return errors.Found.Count > 0
            ? new Reply(400, JsonSerializer.Serialize(new { errors = errors.Found }))
            : new Reply(202, """{"status":"ok","event":{"id":6,"title":"t"}}""");
    }

    /// <summary>A workflow that posts what its webhook receives: 202, or 400 for what is no message with an Adaptive Card of version 1.4, 413 for more than 28 KB.</summary>
    public static Reply Teams(Arrival request)
    {
        if (request.Body.Length > 28 * 1024)
        {
            return new Reply(413);
        }

        var errors = new Errors();
        var json = JsonDocument.Parse(request.Body).RootElement;
        errors.Keys(json, ["type", "attachments"], "");
        errors.Check(Text(json, "type") == "message", "type");
        foreach (var attachment in json.GetProperty("attachments").EnumerateArray())
        {
            errors.Keys(attachment, ["contentType", "contentUrl", "content"], "attachments.");
            errors.Check(Text(attachment, "contentType") == "application/vnd.microsoft.card.adaptive", "contentType");
            var card = attachment.GetProperty("content");
            errors.Keys(card, ["$schema", "type", "version", "body", "actions", "msteams"], "content.");
            errors.Check(Text(card, "type") == "AdaptiveCard" && Text(card, "version") == "1.4", "content.type");
            foreach (var block in card.GetProperty("body").EnumerateArray())
            {
                errors.Keys(block, ["type", "inlines"], "body.");
                errors.Check(Text(block, "type") == "RichTextBlock", "body.type");
                foreach (var run in block.GetProperty("inlines").EnumerateArray())
                {
                    errors.Keys(run, ["type", "text", "weight", "size", "color"], "inlines.");
                    errors.Check(Text(run, "type") == "TextRun" && Text(run, "text") is not null, "inlines.type");
                    errors.Check(Text(run, "color") is null or "Default" or "Good" or "Warning" or "Attention" or "Accent", "inlines.color");
                }
            }

            foreach (var action in card.TryGetProperty("actions", out var actions) ? actions.EnumerateArray().ToList() : [])
            {
                errors.Check(Text(action, "type") == "Action.OpenUrl" && Uri.TryCreate(Text(action, "url"), UriKind.Absolute, out _), "actions");
            }
        }

        return errors.Found.Count > 0 ? new Reply(400, string.Join(", ", errors.Found)) : new Reply(202);
    }

    /// <summary>API v2: 200, or 400 with a sentence.</summary>
    public static Reply Alertmanager(Arrival request)
    {
        if (request is not { Method: "POST", Path: "/api/v2/alerts" })
        {
            return new Reply(404);
        }

        var errors = new Errors();
        foreach (var alert in JsonDocument.Parse(request.Body).RootElement.EnumerateArray())
        {
            errors.Keys(alert, ["labels", "annotations", "startsAt", "endsAt", "generatorURL"], "");
            errors.Check(alert.GetProperty("labels").EnumerateObject().Any(), "at least one label pair required");
            foreach (var pair in alert.GetProperty("labels").EnumerateObject().Concat(alert.GetProperty("annotations").EnumerateObject()))
            {
                errors.Check(
                    pair.Name.Length > 0 && !char.IsAsciiDigit(pair.Name[0]) && pair.Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'), "invalid name " + pair.Name);
                errors.Check(pair.Value.ValueKind == JsonValueKind.String, "values must be strings");
            }

            errors.Check(
                alert.GetProperty("startsAt").GetDateTimeOffset() < alert.GetProperty("endsAt").GetDateTimeOffset(), "start time must be before end time");
        }

        return errors.Found.Count > 0 ? new Reply(400, JsonSerializer.Serialize(string.Join("; ", errors.Found))) : new Reply(200);
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Collects what breaks a rule.</summary>
    private sealed class Errors
    {
        public List<string> Found { get; } = [];

        public void Check(bool isRight, string error)
        {
            if (!isRight)
            {
                Found.Add(error);
            }
        }

        public void Keys(JsonElement json, string[] known, string path)
        {
            foreach (var property in json.EnumerateObject())
            {
                Check(known.Contains(property.Name), $"'{path}{property.Name}' is unknown");
            }
        }
    }
}
