using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Culprit.Engine.Ingestion.Changes;

/// <summary>GitHub's webhook events as <c>change</c> events: commits that were pushed, deployments, releases.</summary>
/// <remarks>
/// Fields: https://docs.github.com/webhooks/webhook-events-and-payloads. GitHub sends file names and no diff. Event ids are
/// made of what GitHub calls the thing, so that a redelivery counts once.
/// </remarks>
/// <param name="services">Service by repository (<c>owner/name</c>); others are named after the repository.</param>
internal sealed class GitHubChangeMapper(IReadOnlyDictionary<string, string> services)
{
    /// <summary>Events that carry changes; others are taken and ignored.</summary>
    public static readonly IReadOnlyList<string> Events = ["push", "deployment", "deployment_status", "release"];

    /// <param name="kind">The header <c>X-GitHub-Event</c>.</param>
    /// <exception cref="JsonException">The body is no JSON.</exception>
    public ChangeMapping Map(string kind, ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = EventLimits.MaxDepth + 2 });
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            return ChangeMapping.Refused("a GitHub webhook is a JSON object");
        }

        var repository = Text(root, "repository", "full_name");
        if (repository is null)
        {
            return kind == "ping" ? ChangeMapping.Nothing : ChangeMapping.Refused("repository.full_name is missing");
        }

        var events = new ArrayBufferWriter<byte>(1024);
        var count = 0;
        using (var json = new Utf8JsonWriter(events))
        {
            json.WriteStartArray();
            count = kind switch
            {
                "push" => Push(json, root, repository),
                "deployment" => Deployment(json, root, repository, status: null),
                "deployment_status" => Deployment(json, root, repository, Text(root, "deployment_status", "state")),
                "release" => Release(json, root, repository),
                _ => 0,
            };
            json.WriteEndArray();
        }

        return count == 0 ? ChangeMapping.Nothing : ChangeMapping.Of(events.WrittenMemory);
    }

    /// <summary>Only pushes to the default branch can run anywhere.</summary>
    private int Push(Utf8JsonWriter json, JsonElement root, string repository)
    {
        var branch = Text(root, "repository", "default_branch");
        if (Text(root, "ref") != "refs/heads/" + branch || !root.TryGetProperty("commits", out var commits) || commits.ValueKind != JsonValueKind.Array)
        {
            return 0;
        }

        var count = 0;
        foreach (var commit in commits.EnumerateArray())
        {
            if (Text(commit, "id") is not { } sha)
            {
                continue;
            }

            Start(json, repository, "commit", $"github:{repository}:commit:{sha}", Text(commit, "timestamp"));
            Optional(json, "sha", sha);
            Optional(json, "author", Text(commit, "author", "username") ?? Text(commit, "author", "name"));
            json.WriteString("message", Text(commit, "message") ?? "commit " + sha);
            Optional(json, "url", Text(commit, "url"));
            json.WriteStartArray("files_changed");
            foreach (var list in (ReadOnlySpan<string>)["added", "modified", "removed"])
            {
                Files(json, commit, list);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            count++;
        }

        return count;
    }

    /// <summary>A deployment is a change when it is asked for and again when it succeeded; its failure changed nothing.</summary>
    private int Deployment(Utf8JsonWriter json, JsonElement root, string repository, string? status)
    {
        if (status is not (null or "success") || !root.TryGetProperty("deployment", out var deployment) || Id(deployment) is not { } id)
        {
            return 0;
        }

        var at = status is null ? Text(deployment, "created_at") : Text(root, "deployment_status", "created_at");
        var suffix = status is null ? "" : ":success";
        Start(json, repository, "deploy", $"github:{repository}:deployment:{id}{suffix}", at);
        Optional(json, "environment", Text(deployment, "environment")?.Replace(' ', '-'));
        Optional(json, "sha", Text(deployment, "sha"));
        Optional(json, "ref", Text(deployment, "ref"));
        Optional(json, "author", Text(deployment, "creator", "login"));
        json.WriteString("message", $"deploy {Text(deployment, "ref")} of {repository}{(status is null ? " started" : " succeeded")}");
        json.WriteEndObject();
        return 1;
    }

    private int Release(Utf8JsonWriter json, JsonElement root, string repository)
    {
        if (Text(root, "action") != "published" || !root.TryGetProperty("release", out var release) || Id(release) is not { } id)
        {
            return 0;
        }

        Start(json, repository, "release", $"github:{repository}:release:{id}", Text(release, "published_at"));
        Optional(json, "version", Text(release, "tag_name"));
        Optional(json, "author", Text(release, "author", "login"));
        Optional(json, "url", Text(release, "html_url"));
        json.WriteString("message", $"release {Text(release, "tag_name")} of {repository}");
        json.WriteEndObject();
        return 1;
    }

    private void Start(Utf8JsonWriter json, string repository, string kind, string id, string? at)
    {
        json.WriteStartObject();
        json.WriteString("type", "change");
        json.WriteString("id", id);
        json.WriteString("kind", kind);
        json.WriteString("source", "github:" + repository);
        json.WriteString("service", services.TryGetValue(repository, out var service) ? service : repository[(repository.LastIndexOf('/') + 1)..]);
        Optional(json, "timestamp", at);
    }

    private static void Files(Utf8JsonWriter json, JsonElement commit, string list)
    {
        if (commit.TryGetProperty(list, out var files) && files.ValueKind == JsonValueKind.Array)
        {
            foreach (var file in files.EnumerateArray().Where(f => f.ValueKind == JsonValueKind.String))
            {
                file.WriteTo(json);
            }
        }
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }

    private static string? Id(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("id", out var id) && id.TryGetInt64(out var number)
            ? number.ToString(CultureInfo.InvariantCulture)
            : null;

    private static string? Text(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
    }
}
