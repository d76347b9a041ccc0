using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Server.Printing;

namespace Culprit.Server.Commands;

/// <summary><c>culprit silence</c>: holds alerts of a running server back, lists what does, and ends it.</summary>
internal static class SilenceCommand
{
    private static readonly string[] Lists = ["environments", "services", "anomaly_types", "incidents"];

    public static Command Create() => new("silence", "Holds alerts of a running server back for a time (docs/alerting.md).") { Add(), List(), End() };

    private static Command Add()
    {
        var environments = Names("--environment", "Environments, * for any text; may be given more than once.");
        var services = Names("--service", "Services, * for any text; all of an alert's must match.");
        var types = Names("--type", "Types of anomalies, such as error_spike.");
        var labels = Names("--label", "KEY=VALUE, * for any text in the value; all of an alert's values must match.");
        var incidents = Names("--incident", "Ids of incidents.");
        var max = new Option<string?>("--max-severity") { Description = "Alerts above it are told: low, medium, high or critical." };
        var duration = new Option<string>("--for") { Description = "How long, such as 90m, 2h or 3d; at most 90d (give --until beyond 7d)." };
        var until = new Option<string?>("--until") { Description = "Until when instead, ISO 8601." };
        var from = new Option<string?>("--from") { Description = "From when, ISO 8601. Default: now." };
        var comment = new Option<string>("--comment") { Description = "Why.", Required = true };
        var by = new Option<string?>("--by") { Description = "Your name (default: that of the key)." };
        var (url, json) = (ServerCall.UrlOption(), ServerCall.JsonOption());
        var command = new Command("add", "Silences alerts.") { environments, services, types, labels, incidents, max, duration, until, from, comment, by, url, json };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(duration) is null) == (result.GetValue(until) is null))
            {
                result.AddError("Give either --for or --until.");
            }

            foreach (var label in (result.GetValue(labels) ?? []).Where(l => l.IndexOf('=', StringComparison.Ordinal) <= 0))
            {
                result.AddError($"--label '{TerminalText.Visible(label)}' is not KEY=VALUE.");
            }
        });
        command.SetAction(async (result, token) =>
        {
            var body = new JsonObject { ["comment"] = result.GetValue(comment) };
            foreach (var (name, values) in new[] { ("environments", environments), ("services", services), ("anomaly_types", types), ("incidents", incidents) })
            {
                Put(body, name, result.GetValue(values));
            }

            foreach (var (name, value) in new[] { ("duration", result.GetValue(duration)), ("ends_at", result.GetValue(until)), ("starts_at", result.GetValue(from)), ("max_severity", result.GetValue(max)), ("by", result.GetValue(by)) })
            {
                if (value is not null)
                {
                    body[name] = value;
                }
            }

            body["labels"] = new JsonObject((result.GetValue(labels) ?? []).GroupBy(l => l.Split('=')[0]).Select(l => KeyValuePair.Create(
                l.Key, (JsonNode?)new JsonArray([.. l.Select(v => (JsonNode)v[(v.IndexOf('=', StringComparison.Ordinal) + 1)..])]))));
            using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            return await ServerCall.RunAsync(
                result.GetRequiredValue(url), HttpMethod.Post, "/silences", content, answer => Show(answer, result.GetValue(json)), token).ConfigureAwait(false);
        });
        return command;
    }

    private static Command List()
    {
        var all = new Option<bool>("--all") { Description = "Ended ones too." };
        var (url, json) = (ServerCall.UrlOption(), ServerCall.JsonOption());
        var command = new Command("list", "Lists silences.") { all, url, json };
        command.SetAction((result, token) => ServerCall.RunAsync(result.GetRequiredValue(url), HttpMethod.Get, "/silences", answer =>
        {
            if (result.GetValue(json))
            {
                Console.Out.WriteLine(answer);
                return;
            }

            using var document = JsonDocument.Parse(answer);
            var shown = document.RootElement.GetProperty("silences").EnumerateArray()
                .Where(s => result.GetValue(all) || s.GetProperty("state").GetString() != "ended").ToList();
            shown.ForEach(s => Console.Out.WriteLine(Line(s)));
            if (shown.Count == 0)
            {
                Console.Out.WriteLine("No silences.");
            }
        }, token));
        return command;
    }

    private static Command End()
    {
        var id = new Argument<string>("ID") { Description = "Id of the silence, as `silence list` shows it." };
        var (url, json) = (ServerCall.UrlOption(), ServerCall.JsonOption());
        var command = new Command("end", "Ends a silence now; what it held back is sent while its incident is open.") { id, url, json };
        command.SetAction((result, token) => ServerCall.RunAsync(
            result.GetRequiredValue(url), HttpMethod.Delete, $"/silences/{Uri.EscapeDataString(result.GetRequiredValue(id))}",
            answer => Show(answer, result.GetValue(json)), token));
        return command;
    }

    private static void Show(string answer, bool asJson)
    {
        using var document = JsonDocument.Parse(answer);
        Console.Out.WriteLine(asJson ? answer : Line(document.RootElement));
    }

    private static string Line(JsonElement silence)
    {
        var match = Lists
            .Where(n => silence.GetProperty(n).GetArrayLength() > 0)
            .Select(n => $"{n}={string.Join(',', silence.GetProperty(n).EnumerateArray().Select(v => v.GetString()))}")
            .Concat(silence.GetProperty("labels").EnumerateObject().Select(l => $"{l.Name}={string.Join(',', l.Value.EnumerateArray().Select(v => v.GetString()))}"));
        return TerminalText.Visible($"{Text("id")}  {Text("state"),-7}  until {Text("ends_at")[..19]}Z  {Text("by")}  {string.Join(' ', match)}  {Text("comment")}");

        string Text(string name) => silence.GetProperty(name).GetString()!;
    }

    private static void Put(JsonObject body, string name, string[]? values)
    {
        if (values is { Length: > 0 })
        {
            body[name] = new JsonArray([.. values.Select(v => (JsonNode)v)]);
        }
    }

    private static Option<string[]> Names(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = false };
}
