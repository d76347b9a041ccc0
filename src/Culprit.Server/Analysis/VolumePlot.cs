using System.Globalization;
using System.Text;

namespace Culprit.Server.Analysis;

/// <summary>Log volume over time as SVG: all records, errors in front, incidents as bands.</summary>
internal static class VolumePlot
{
    private const int Width = 900;
    private const int Height = 180;
    private const int Bars = 180;

    public static string Render(IReadOnlyList<PeriodCount> periods, IReadOnlyList<IncidentFinding> incidents)
    {
        var start = periods.Min(p => p.Start);
        var end = periods.Max(p => p.End);
        var span = Math.Max(1, (end - start).TotalSeconds);
        var records = new double[Bars];
        var errors = new double[Bars];
        foreach (var period in periods)
        {
            Spread(records, period, period.Records);
            Spread(errors, period, period.Errors);
        }

        var most = Math.Max(1, records.Max());
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {Width} {Height + 20}\" role=\"img\" aria-label=\"Records and errors over time\" width=\"100%\">");
        foreach (var incident in incidents)
        {
            var from = X(incident.State.GetProperty("started_at").GetDateTimeOffset());
            var to = X(incident.State.GetProperty("last_seen_at").GetDateTimeOffset());
            svg.Append(CultureInfo.InvariantCulture,
                $"<rect x=\"{from:0.#}\" y=\"0\" width=\"{Math.Max(2, to - from):0.#}\" height=\"{Height}\" fill=\"#f2b8b5\" opacity=\"0.6\"/>");
        }

        Draw(records, "#8fb3d9");
        Draw(errors, "#b3261e");
        svg.Append(CultureInfo.InvariantCulture,
            $"<text x=\"0\" y=\"{Height + 15}\" font-size=\"12\" fill=\"#5b6673\">{start:HH:mm:ss}</text><text x=\"{Width}\" y=\"{Height + 15}\" font-size=\"12\" fill=\"#5b6673\" text-anchor=\"end\">{end:HH:mm:ss}; tallest bar {most:N0} records in {span / Bars:0.#} s</text></svg>");
        return svg.ToString();

        double X(DateTimeOffset time) => Math.Clamp((time - start).TotalSeconds / span, 0, 1) * Width;

        void Spread(double[] bars, PeriodCount period, long count)
        {
            var first = (int)Math.Clamp((period.Start - start).TotalSeconds / span * Bars, 0, Bars - 1);
            var last = (int)Math.Clamp(Math.Ceiling((period.End - start).TotalSeconds / span * Bars) - 1, first, Bars - 1);
            for (var i = first; i <= last; i++)
            {
                bars[i] += count / (double)(last - first + 1);
            }
        }

        void Draw(double[] bars, string colour)
        {
            for (var i = 0; i < Bars; i++)
            {
                var height = bars[i] / most * Height;
                if (height > 0)
                {
                    svg.Append(CultureInfo.InvariantCulture,
                        $"<rect x=\"{i * (double)Width / Bars:0.#}\" y=\"{Height - height:0.#}\" width=\"{((double)Width / Bars) - 0.5:0.#}\" height=\"{height:0.##}\" fill=\"{colour}\"/>");
                }
            }
        }
    }
}
