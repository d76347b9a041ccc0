using System.Text.Json;
using System.Text.Json.Serialization;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>Scores as JSON: for scripts, and to make one table of several runs.</summary>
internal static class ScoreFile
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static void Write(string file, IReadOnlyList<CaseScore> scores) => File.WriteAllText(file, JsonSerializer.Serialize(scores, Options));

    public static IReadOnlyList<CaseScore> Read(string file) => JsonSerializer.Deserialize<List<CaseScore>>(File.ReadAllText(file), Options)!;
}
