using System.Text.RegularExpressions;
using Culprit.Engine.Detection;
using Culprit.Engine.RootCause;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Culprit.Server.RootCause;

/// <summary>Either a runbook, or why the text is none.</summary>
internal readonly record struct RunbookParse(Runbook? Runbook, string? Error);

/// <summary>Reads a runbook: Markdown with an optional YAML front matter between lines of <c>---</c>.</summary>
internal static partial class RunbookParser
{
    private static readonly AnomalyType[] AllTypes = Enum.GetValues<AnomalyType>();

    public static RunbookParse Parse(string path, string text)
    {
        var lines = text.TrimStart('\uFEFF').ReplaceLineEndings("\n");
        var front = new FrontMatter();
        var body = lines;
        if (lines.StartsWith("---\n", StringComparison.Ordinal))
        {
            var end = FrontMatterEnd().Match(lines, 4);
            if (!end.Success)
            {
                return new RunbookParse(null, "the front matter is not closed by a line of ---");
            }

            body = lines[(end.Index + end.Length)..];
            if (!TryReadFront(lines[4..end.Index], out front, out var error))
            {
                return new RunbookParse(null, error);
            }
        }

        if (string.IsNullOrWhiteSpace(body))
        {
            return new RunbookParse(null, "it has no text");
        }

        var types = new List<AnomalyType>();
        foreach (var word in front.AnomalyTypes ?? [])
        {
            var type = Array.FindIndex(AllTypes, t => string.Equals(t.ToWire(), word, StringComparison.OrdinalIgnoreCase));
            if (type < 0)
            {
                return new RunbookParse(null,
                    $"anomaly_types: \"{word}\" is unknown; allowed are {string.Join(", ", AllTypes.Select(t => t.ToWire()))}");
            }

            types.Add(AllTypes[type]);
        }

        var heading = Heading().Match(body);
        return new RunbookParse(new Runbook
        {
            Path = path,
            Title = front.Title ?? (heading.Success ? heading.Groups["title"].Value.Trim() : Path.GetFileNameWithoutExtension(path)),
            AnomalyTypes = types,
            Services = [.. (front.Services ?? []).Where(s => !string.IsNullOrWhiteSpace(s))],
            Patterns = [.. (front.Patterns ?? []).Where(p => !string.IsNullOrWhiteSpace(p))],
            Action = string.IsNullOrWhiteSpace(front.Action) ? null : front.Action.Trim(),
            Steps = Steps(body),
            Body = body.Trim(),
        }, null);
    }

    /// <summary>Items of the first list, numbered or not; an item goes on over indented lines.</summary>
    private static List<string> Steps(string body)
    {
        var steps = new List<string>();
        var isFenced = false;
        foreach (var line in body.Split('\n'))
        {
            isFenced ^= line.TrimStart().StartsWith("```", StringComparison.Ordinal);
            var item = isFenced ? Match.Empty : ListItem().Match(line);
            if (item.Success)
            {
                steps.Add(item.Groups["text"].Value.Trim());
            }
            else if (steps.Count > 0 && line.StartsWith("  ", StringComparison.Ordinal) && !isFenced && !line.Contains("```", StringComparison.Ordinal))
            {
                steps[^1] = $"{steps[^1]} {line.Trim()}".Trim();
            }
            else if (steps.Count > 0 && line.Length > 0 && !isFenced && !char.IsWhiteSpace(line[0]))
            {
                break;
            }
        }

        return steps;
    }

    private static bool TryReadFront(string yaml, out FrontMatter front, out string error)
    {
        front = new FrontMatter();
        error = "";
        try
        {
            var yamlReader = new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).Build();
            front = yamlReader.Deserialize<FrontMatter?>(yaml) ?? front;
            return true;
        }
        catch (YamlException e)
        {
            error = $"front matter, line {e.Start.Line + 1}: {e.InnerException?.Message ?? e.Message}";
            return false;
        }
    }

    [GeneratedRegex(@"^---[ \t]*(?:\n|\z)", RegexOptions.Multiline)]
    private static partial Regex FrontMatterEnd();

    [GeneratedRegex(@"^# (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^ {0,3}(?:[-*+]|[0-9]{1,4}[.)])[ \t]+(?<text>\S.*)$")]
    private static partial Regex ListItem();

    /// <summary>The keys of the front matter; any other is refused, so that a misspelt one does not go unnoticed.</summary>
    private sealed class FrontMatter
    {
        public string? Title { get; set; }

        public List<string>? AnomalyTypes { get; set; }

        public List<string>? Services { get; set; }

        public List<string>? Patterns { get; set; }

        public string? Action { get; set; }
    }
}
