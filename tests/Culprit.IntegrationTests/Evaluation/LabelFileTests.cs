using Culprit.IntegrationTests.Support;
using Culprit.Server.Evaluation;

namespace Culprit.IntegrationTests.Evaluation;

public sealed class LabelFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryFieldIsReadAndTheFolderIsFoundInEitherPlace()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "one"));
        Directory.CreateDirectory(Path.Combine(_folder.Path, "cases", "two"));

        var cases = Read(out var problems,
            """{"case_id":"one","start":"2026-03-01T14:00:00Z","end":"2026-03-01T15:10:00+01:00","root_cause_service":"db","root_cause_also":["db.internal"],"fault_type":"slow","root_cause_commit":"c1"}""",
            "",
            """{"case_id":"two","start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:10:00Z","root_cause_service":"db","fault_type":null}""");

        Assert.Empty(problems);
        Assert.Equal(["one", "two"], cases.Select(c => c.Label.Id));
        Assert.Equal(["db", "db.internal"], cases[0].Label.RootCauses);
        Assert.Equal(TimeSpan.FromMinutes(10), cases[0].Label.End - cases[0].Label.Start);
        Assert.Equal(("slow", "c1"), (cases[0].Label.FaultType, cases[0].Label.Change));
        Assert.Equal(("unknown", null), (cases[1].Label.FaultType, cases[1].Label.Change));
        Assert.EndsWith(Path.Combine("cases", "two"), cases[1].Folder, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "no JSON")]
    [InlineData("[1]", "no JSON object")]
    [InlineData("""{"start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:10:00Z","root_cause_service":"db"}""", "field case_id is missing")]
    [InlineData("""{"case_id":7,"start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:10:00Z","root_cause_service":"db"}""", "field case_id: 7 is no text")]
    [InlineData("""{"case_id":"../one","start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:10:00Z","root_cause_service":"db"}""", "'../one' is no name of a folder")]
    [InlineData("""{"case_id":"absent","start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:10:00Z","root_cause_service":"db"}""", "there is no folder")]
    [InlineData("""{"case_id":"one","start":"noon","end":"2026-03-01T14:10:00Z","root_cause_service":"db"}""", "field start: 'noon' is no time")]
    [InlineData("""{"case_id":"one","start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:00:00Z","root_cause_service":"db"}""", "field end: \"2026-03-01T14:00:00Z\" does not come after")]
    [InlineData("""{"case_id":"one","start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:10:00Z"}""", "field root_cause_service is missing")]
    [InlineData("""{"case_id":"one","start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:10:00Z","root_cause_service":"db","root_cause_commit":5}""", "field root_cause_commit: 5 is no text")]
    [InlineData("""{"case_id":"one","start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:10:00Z","root_cause_service":"db","root_cause_also":"x"}""", "field root_cause_also: \"x\" is no list")]
    public void ABadLineIsNamedWithFileLineAndFieldAndTheOthersAreRead(string bad, string expected)
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "one"));

        var cases = Read(out var problems, bad,
            """{"case_id":"one","start":"2026-03-01T14:00:00Z","end":"2026-03-01T14:10:00Z","root_cause_service":"db"}""");

        Assert.Single(cases);
        var problem = Assert.Single(problems);
        Assert.Contains("labels.jsonl line 1: ", problem, StringComparison.Ordinal);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void LabelsAreFoundInTheFolderOrRightBelowIt()
    {
        foreach (var set in (string[])["b", "a"])
        {
            Directory.CreateDirectory(Path.Combine(_folder.Path, set));
            File.WriteAllText(Path.Combine(_folder.Path, set, LabelFile.Name), "");
        }

        var below = LabelFile.Find([_folder.Path], out var none);
        LabelFile.Find([Path.Combine(_folder.Path, "absent")], out var problems);

        Assert.Empty(none);
        Assert.Equal(["a", "b"], below.Select(f => Path.GetFileName(Path.GetDirectoryName(f))));
        Assert.Contains("absent", Assert.Single(problems), StringComparison.Ordinal);
    }

    private IReadOnlyList<EvalCase> Read(out List<string> problems, params string[] lines)
    {
        var file = Path.Combine(_folder.Path, LabelFile.Name);
        File.WriteAllLines(file, lines);
        problems = [];
        return LabelFile.Read(file, problems);
    }
}
