using System.Text.Json;
using Culprit.Engine.Evaluation;

namespace Culprit.Server.Evaluation;

/// <summary>The figures and every case, for scripts.</summary>
internal static class EvalJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true };

    public static void Write(EvalRun run, Stream output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("mode", run.IsTold ? "told" : "autonomous");
        if (!run.IsTold)
        {
            json.WriteNumber("lead_seconds", run.Lead.TotalSeconds);
            json.WriteNumber("tail_seconds", run.Tail.TotalSeconds);
        }

        json.WriteStartObject("all");
        Figures(json, run, run.All);
        json.WriteEndObject();
        json.WriteStartObject("by_fault_type");
        foreach (var (fault, summary) in run.ByFault)
        {
            json.WriteStartObject(fault);
            Figures(json, run, summary);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartArray("cases");
        foreach (var score in run.Scores)
        {
            Case(json, score);
        }

        json.WriteEndArray();
        json.WriteStartArray("problems");
        foreach (var problem in run.Problems)
        {
            json.WriteStringValue(problem);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Figures(Utf8JsonWriter json, EvalRun run, EvalSummary summary)
    {
        json.WriteNumber("cases", summary.Cases);
        json.WriteNumber("not_scored", summary.NotScored);
        json.WriteNumber("detected", summary.Detected);
        json.WriteNumber("top_1", summary.Top(1));
        json.WriteNumber("top_3", summary.Top(3));
        json.WriteNumber("top_5", summary.Top(5));
        json.WriteNumber("with_change", summary.WithChange);
        json.WriteNumber("change_right", summary.ChangeRight);
        json.WriteNumber("abstained", summary.Abstained);
        json.WriteNumber("abstained_right", summary.AbstainedRight);
        if (!run.IsTold)
        {
            json.WriteNumber("before_the_fault", summary.Before);
            json.WriteNumber("inside", summary.Inside);
            Optional(json, "delay_median_seconds", summary.Delay(0.5));
            Optional(json, "delay_p90_seconds", summary.Delay(0.9));
        }

        json.WriteNumber("seconds", Math.Round(summary.Took.TotalSeconds, 3));
        Confidence(json, summary.Reliability);
    }

    private static void Confidence(Utf8JsonWriter json, Reliability reliability)
    {
        json.WriteStartObject("confidence");
        json.WriteNumber("claims", reliability.Claims);
        json.WriteNumber("expected_calibration_error", Math.Round(reliability.CalibrationError, 4));
        json.WriteNumber("brier_score", Math.Round(reliability.Brier, 4));
        json.WriteStartArray("bins");
        foreach (var bin in reliability.Bins)
        {
            json.WriteStartObject();
            json.WriteNumber("up_to", bin.End);
            json.WriteNumber("claims", bin.Claims);
            json.WriteNumber("mean_confidence", Math.Round(bin.Confidence, 4));
            json.WriteNumber("right", Math.Round(bin.Right, 4));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Case(Utf8JsonWriter json, CaseScore score)
    {
        json.WriteStartObject();
        json.WriteString("case_id", score.Case.Id);
        json.WriteString("fault_type", score.Case.FaultType);
        json.WriteString("root_cause_service", score.Case.RootCauses[0]);
        if (score.Problem is { } problem)
        {
            json.WriteString("problem", problem);
            json.WriteEndObject();
            return;
        }

        json.WriteBoolean("detected", score.IsDetected);
        Optional(json, "delay_seconds", score.DelaySeconds);
        json.WriteNumber("rank", score.Rank);
        json.WriteStartArray("named");
        foreach (var name in score.Named)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteNumber("confidence", score.Confidence);
        json.WriteBoolean("abstained", score.IsAbstained);
        json.WriteString("change_id", score.ChangeId);
        if (score.Case.Change is not null)
        {
            json.WriteBoolean("change_right", score.IsChangeRight);
        }

        json.WriteNumber("before_the_fault", score.Before);
        json.WriteNumber("inside", score.Inside);
        json.WriteNumber("seconds", Math.Round(score.Took.TotalSeconds, 3));
        if (score.Model is { } model)
        {
            json.WriteStartObject("model");
            json.WriteBoolean("right", model.IsRight);
            json.WriteBoolean("unknown", model.IsUnknown);
            json.WriteString("failure", model.Failure);
            json.WriteNumber("claims_kept", model.Kept);
            json.WriteNumber("claims_dropped", model.Dropped);
            json.WriteNumber("input_tokens", model.InputTokens);
            json.WriteNumber("output_tokens", model.OutputTokens);
            json.WriteNumber("seconds", model.Seconds);
            Optional(json, "cost_usd", model.Cost);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, Math.Round(number, 3));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
