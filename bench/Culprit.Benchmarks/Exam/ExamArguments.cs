using System.Globalization;
using Culprit.Benchmarks.Exam.Faults;

namespace Culprit.Benchmarks.Exam;

/// <summary>What the command line of an exam verb asks for.</summary>
internal sealed class ExamArguments
{
    public string? Folder { get; private set; }

    public IReadOnlyList<int> Seeds { get; private set; } = [1];

    public IReadOnlyList<FaultSpec> Faults { get; private set; } = [];

    public IReadOnlyList<int> Strengths { get; private set; } = [3];

    public IReadOnlyList<SpanForm> Forms { get; private set; } = [SpanForm.Complete];

    public double Hours { get; private set; } = 24;

    /// <summary>Cases whose ids begin so are explained hypothesis by hypothesis.</summary>
    public string? Explained { get; private set; }

    /// <summary>Normal traffic before a fault.</summary>
    public TimeSpan Lead { get; private set; } = ExamCase.LeadIn;

    /// <summary>Telemetry ends so long after the fault began, as when somebody looks early; null plays the case to its end.</summary>
    public TimeSpan? Early { get; private set; }

    /// <summary>Cases run side by side.</summary>
    public int Jobs { get; private set; } = 1;

    /// <summary>Print a line for each case.</summary>
    public bool WithCases { get; private set; }

    /// <summary>The engine is told when the fault is, and ranks its causes.</summary>
    public bool IsTold { get; private set; }

    /// <summary>Where the evidence of the cases is kept, to be ranked again by <c>exam rank</c>.</summary>
    public string? DossierFolder { get; private set; }

    /// <summary>Where the scores are written as JSON too.</summary>
    public string? JsonFile { get; private set; }

    /// <summary>Says why, when the arguments cannot be followed; null then.</summary>
    public static ExamArguments? Parse(ReadOnlySpan<string> args, out string? problem)
    {
        var result = new ExamArguments();
        var isExam = false;
        problem = null;
        for (var i = 0; i < args.Length && problem is null; i++)
        {
            if (args[i] == "--exam")
            {
                isExam = true;
            }
            else if (args[i] == "--told")
            {
                result.IsTold = true;
            }
            else if (args[i] == "--cases")
            {
                result.WithCases = true;
            }
            else if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                result.Folder = args[i];
            }
            else if (i + 1 == args.Length)
            {
                problem = $"{args[i]} needs a value";
            }
            else
            {
                problem = result.Set(args[i], args[++i]);
            }
        }

        if (problem is null && !isExam && result.Seeds.Any(ExamSeeds.IsKept))
        {
            problem = "the seeds " + string.Join(", ", ExamSeeds.Kept) + " are kept for the exam and must not be looked at while tuning; --exam uses them";
        }

        return problem is null ? result : null;
    }

    /// <summary>Quiet stretches without faults named, else every fault at every strength, seed after seed.</summary>
    public IEnumerable<ExamCase> Cases() => Faults.Count == 0
        ? Seeds.Select(seed => ExamCase.Quiet(seed, TimeSpan.FromHours(Hours)))
        : from seed in Seeds from fault in Faults from strength in Strengths select ExamCase.Of(seed, fault, strength, Lead);

    private string? Set(string name, string value)
    {
        switch (name)
        {
            case "--seed" or "--seeds":
                return Numbers(name, value, 0, int.MaxValue, numbers => Seeds = numbers);
            case "--strength" or "--strengths":
                return Numbers(name, value == "all" ? "1,2,3,4,5" : value, 1, 5, numbers => Strengths = numbers);
            case "--jobs":
                return value is "1" or "2" ? Keep(() => Jobs = value[0] - '0') : $"--jobs '{value}' is not 1 or 2";
            case "--json":
                return Keep(() => JsonFile = value);
            case "--dossiers":
                return Keep(() => DossierFolder = value);
            case "--hours":
                return double.TryParse(value, CultureInfo.InvariantCulture, out var hours) && hours is > 0 and <= 240
                    ? Keep(() => Hours = hours) : $"--hours '{value}' is not a number up to 240";
            case "--explain":
                return Keep(() => Explained = value);
            case "--lead":
                return Numbers(name, value, 2, 600, numbers => Lead = TimeSpan.FromMinutes(numbers[0]));
            case "--early":
                return Numbers(name, value, 1, 15, numbers => Early = TimeSpan.FromMinutes(numbers[0]));
            case "--fault" or "--faults":
                var names = value == "all" ? FaultTable.All.Select(f => f.Name).ToArray() : value.Split(',');
                return Array.Find(names, n => FaultTable.Find(n) is null) is { } unknown
                    ? $"no fault '{unknown}'; 'exam faults' lists them" : Keep(() => Faults = [.. names.Select(n => FaultTable.Find(n)!)]);
            case "--spans":
                var forms = value == "all" ? "complete,sampled,none" : value;
                return forms.Split(',').All(f => Enum.TryParse<SpanForm>(f, true, out _))
                    ? Keep(() => Forms = [.. forms.Split(',').Select(f => Enum.Parse<SpanForm>(f, true))]) : $"--spans '{value}' is not complete, sampled, none or all";
            default:
                return $"no option '{name}'";
        }
    }

    private static string? Numbers(string name, string value, int low, int high, Action<IReadOnlyList<int>> keep)
    {
        var numbers = new List<int>();
        foreach (var part in value.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < low || number > high)
            {
                return $"{name} '{part}' is not a number from {low} to {high}";
            }

            numbers.Add(number);
        }

        keep(numbers);
        return null;
    }

    private static string? Keep(Action action)
    {
        action();
        return null;
    }
}
