using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Evaluation;

namespace Culprit.Server.Evaluation;

/// <summary>Reads <c>labels.jsonl</c>: one past incident a line, its telemetry in a folder of its name beside it.</summary>
/// <remarks>The format is that of docs/eval.md. What is wrong with a line is named with file, line and field; the other lines are read.</remarks>
internal static class LabelFile
{
    public const string Name = "labels.jsonl";

    /// <summary>The label files of the folders named: in the folder itself, or in the folders right below it.</summary>
    public static IReadOnlyList<string> Find(IEnumerable<string> folders, out IReadOnlyList<string> problems)
    {
        var files = new List<string>();
        var found = new List<string>();
        foreach (var folder in folders)
        {
            try
            {
                var here = Path.Combine(folder, Name);
                List<string> these = File.Exists(here)
                    ? [here]
                    : [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Select(d => Path.Combine(d, Name)).Where(File.Exists)];
                files.AddRange(these);
                if (these.Count == 0)
                {
                    found.Add($"{folder}: there is no {Name}, neither here nor in a folder right below; docs/eval.md shows the format");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                found.Add($"{folder}: {e.Message}");
            }
        }

        problems = found;
        return [.. files.DistinctBy(Path.GetFullPath, StringComparer.Ordinal)];
    }

    /// <param name="problems">Takes a sentence for each line that gives no case.</param>
    /// <param name="needsFolders">Each case must have its folder; else only the labels are wanted.</param>
    public static IReadOnlyList<EvalCase> Read(string file, List<string> problems, bool needsFolders = true)
    {
        var cases = new List<EvalCase>();
        var number = 0;
        try
        {
            foreach (var line in File.ReadLines(file))
            {
                number++;
                if (string.IsNullOrWhiteSpace(line))
                {
                    continue;
                }

                if (Read(line, needsFolders ? Path.GetDirectoryName(Path.GetFullPath(file)) : null, out var problem) is { } one)
                {
                    cases.Add(one);
                }
                else
                {
                    problems.Add($"{file} line {number}: {problem}");
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{file}: {e.Message}");
        }

        return cases;
    }

    private static EvalCase? Read(string line, string? root, out string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(document.RootElement, root, out problem)
                : Refuse("is no JSON object", out problem);
        }
        catch (JsonException e)
        {
            return Refuse("is no JSON: " + e.Message, out problem);
        }
    }

    private static EvalCase? Read(JsonElement json, string? root, out string problem)
    {
        if (Text(json, "case_id", out problem) is not { } id || Text(json, "root_cause_service", out problem) is not { } cause
            || Time(json, "start", out problem) is not { } start || Time(json, "end", out problem) is not { } end
            || Optional(json, "fault_type", out problem) is not { } fault || Optional(json, "root_cause_commit", out problem) is not { } change
            || Names(json, "root_cause_also", out problem) is not { } also)
        {
            return null;
        }

        if (end <= start)
        {
            return Refuse($"field end: {Shown(json, "end")} does not come after start {Shown(json, "start")}", out problem);
        }

        if (id is "." or ".." || id.IndexOfAny(['/', '\\', '\0']) >= 0)
        {
            return Refuse($"field case_id: '{id}' is no name of a folder", out problem);
        }

        string[] places = root is null ? [] : [Path.Combine(root, "cases", id), Path.Combine(root, id)];
        var folder = Array.Find(places, Directory.Exists);
        if (root is not null && folder is null)
        {
            return Refuse($"field case_id: there is no folder {places[1]}", out problem);
        }

        var label = new LabelledCase
        {
            Id = id,
            Start = start,
            End = end,
            RootCauses = [cause, .. also],
            FaultType = fault.Length > 0 ? fault : "unknown",
            Change = change.Length > 0 ? change : null,
        };
        return new EvalCase(label, folder ?? string.Empty);
    }

    private static string? Text(JsonElement json, string name, out string problem)
    {
        problem = string.Empty;
        if (json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text)
        {
            return text;
        }

        problem = json.TryGetProperty(name, out value) ? $"field {name}: {Cut(value)} is no text" : $"field {name} is missing";
        return null;
    }

    /// <summary>The empty string when the field is missing or null; null when it is something else than text.</summary>
    private static string? Optional(JsonElement json, string name, out string problem)
    {
        problem = string.Empty;
        return !json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? string.Empty : Text(json, name, out problem);
    }

    private static DateTimeOffset? Time(JsonElement json, string name, out string problem)
    {
        if (Text(json, name, out problem) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        problem = $"field {name}: '{text}' is no time; write it as 2026-03-01T14:03:00Z";
        return null;
    }

    private static List<string>? Names(JsonElement json, string name, out string problem)
    {
        problem = string.Empty;
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String))
        {
            return [.. value.EnumerateArray().Select(v => v.GetString()!)];
        }

        problem = $"field {name}: {Cut(value)} is no list of names";
        return null;
    }

    private static string Shown(JsonElement json, string name) => Cut(json.GetProperty(name));

    private static string Cut(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 80 ? text : text[..79] + "…";
    }

    private static EvalCase? Refuse(string reason, out string problem)
    {
        problem = reason;
        return null;
    }
}
