using System.Text.Encodings.Web;

namespace Culprit.Server.Reporting;

/// <summary>A page that needs nothing else: no script, no font, no address outside itself.</summary>
internal static class ReportPage
{
    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
        h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem;border-top:1px solid #d7dde5;padding-top:1rem}
        h3{font-size:1rem;margin:1rem 0 .2rem}.meta,.axis{color:#5b6673}.cause{background:#eef4fb;border-left:4px solid #2b6cb0;padding:.6rem 1rem}
        .for{color:#1f7a3d}.against{color:#b3261e}table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left}
        td,th{vertical-align:top}code{font-size:.92em}td.n{text-align:right}pre{background:#f4f6f8;padding:.6rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
        ul{margin:.2rem 0;padding-left:1.2rem}.sev{text-transform:uppercase;font-size:.8rem;font-weight:700;color:#b3261e}
        @media(prefers-color-scheme:dark){body{background:#14181d;color:#dde4ec}.cause{background:#1b2a3a}pre{background:#1d232a}h2{border-color:#333c47}}
        """;

    /// <param name="body">HTML in which everything from outside is encoded.</param>
    public static string Wrap(string title, string body) =>
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        + "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
        + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        + $"<title>{HtmlEncoder.Default.Encode(title)}</title><style>{Style}</style></head><body>{body}</body></html>\n";
}
