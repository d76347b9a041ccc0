using System.Text.Json;

namespace Culprit.Server.Analyst;

/// <summary>What the model may say, and nothing else.</summary>
/// <param name="Verdict">Id of a candidate, or <c>unknown</c>.</param>
internal sealed record AnalystAnswer(string Verdict, string Summary, IReadOnlyList<ModelClaim> Claims)
{
    public const string Unknown = "unknown";

    private const int MaxClaims = 12;
    private const int MaxClaimLength = 600;
    private const int MaxSummaryLength = 1500;
    private const int MaxCited = 12;

    /// <summary>The same as a JSON schema, in the subset that all providers enforce.</summary>
    public static readonly JsonElement Schema = JsonDocument.Parse("""
        {
          "type": "object",
          "additionalProperties": false,
          "required": ["verdict", "summary", "claims"],
          "properties": {
            "verdict": { "type": "string", "description": "The id of one of the given candidates, or \"unknown\"." },
            "summary": { "type": "string", "description": "Two to four plain sentences for the person on call. Only what the claims below state." },
            "claims": {
              "type": "array",
              "description": "At most 12.",
              "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["text", "evidence"],
                "properties": {
                  "text": { "type": "string", "description": "One sentence that repeats names and numbers exactly as the evidence has them." },
                  "evidence": { "type": "array", "items": { "type": "string" }, "description": "Ids of the evidence that says so." }
                }
              }
            }
          }
        }
        """).RootElement.Clone();

    /// <summary>Reads the answer; null, with the reason, when it is not of the schema.</summary>
    /// <remarks>A fence of Markdown around the object is taken off: small local models add one whatever they are told.</remarks>
    public static AnalystAnswer? Parse(string text, out string problem)
    {
        problem = "";
        try
        {
            using var document = JsonDocument.Parse(Unfence(text), new JsonDocumentOptions { MaxDepth = 8 });
            return Read(document.RootElement, out problem);
        }
        catch (JsonException)
        {
            problem = text.Length == 0 ? "it was empty" : "it was no JSON";
            return null;
        }
    }

    private static AnalystAnswer? Read(JsonElement json, out string problem)
    {
        problem = "";
        if (json.ValueKind != JsonValueKind.Object)
        {
            problem = "it was no object";
            return null;
        }

        foreach (var property in json.EnumerateObject())
        {
            if (property.Name is not ("verdict" or "summary" or "claims"))
            {
                problem = "it had a field that the schema does not have";
                return null;
            }
        }

        if (Text(json, "verdict", 64) is not { Length: > 0 } verdict || Text(json, "summary", MaxSummaryLength) is not { } summary
            || !json.TryGetProperty("claims", out var claims) || claims.ValueKind != JsonValueKind.Array || claims.GetArrayLength() > MaxClaims)
        {
            problem = "verdict, summary or claims was missing, of another type or too long";
            return null;
        }

        var read = new List<ModelClaim>();
        foreach (var claim in claims.EnumerateArray())
        {
            if (claim.ValueKind != JsonValueKind.Object || Text(claim, "text", MaxClaimLength) is not { Length: > 0 } said
                || !claim.TryGetProperty("evidence", out var cited) || cited.ValueKind != JsonValueKind.Array || cited.GetArrayLength() > MaxCited
                || cited.EnumerateArray().Any(c => c.ValueKind != JsonValueKind.String) || claim.EnumerateObject().Count() != 2)
            {
                problem = "a claim was not of the schema";
                return null;
            }

            read.Add(new ModelClaim(said, [.. cited.EnumerateArray().Select(c => c.GetString()!)]));
        }

        return new AnalystAnswer(verdict, summary, read);
    }

    private static string? Text(JsonElement json, string name, int most) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { } text && text.Length <= most
            ? text : null;

    private static string Unfence(string text)
    {
        var trimmed = text.Trim();
        if (!trimmed.StartsWith("```", StringComparison.Ordinal) || !trimmed.EndsWith("```", StringComparison.Ordinal) || trimmed.Length < 6)
        {
            return trimmed;
        }

        var line = trimmed.IndexOf('\n', StringComparison.Ordinal);
        return line < 0 ? trimmed : trimmed[(line + 1)..^3];
    }
}

/// <summary>One sentence of the model, with the evidence that it says it has.</summary>
internal sealed record ModelClaim(string Text, IReadOnlyList<string> Evidence);
