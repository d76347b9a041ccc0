using Markdig;

namespace Culprit.Server.Reporting;

/// <summary>The report as one page: the Markdown, rendered. There is one text of it, and one place where log text is made safe.</summary>
internal static class IncidentHtml
{
    private static readonly MarkdownPipeline Rules = new MarkdownPipelineBuilder().UsePipeTables().DisableHtml().Build();

    public static string Render(IncidentReport report) =>
        ReportPage.Wrap("Culprit incident", Markdown.ToHtml(IncidentMarkdown.Render(report), Rules));
}
