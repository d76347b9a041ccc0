using Culprit.Server.Reporting;
using Markdig;

namespace Culprit.Tests.Reporting;

public class MarkdownTextTests
{
    private static readonly MarkdownPipeline Generous = new MarkdownPipelineBuilder().UseAdvancedExtensions().UseAutoLinks().Build();

    [Theory]
    [InlineData("[click](http://evil.example/x)")]
    [InlineData("![x](https://evil.example/pixel.png)")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("see http://evil.example and www.evil.example or mail me@evil.example")]
    [InlineData("# heading")]
    [InlineData("- item")]
    [InlineData("**bold** _it_ `code` ~~gone~~")]
    [InlineData("a | b")]
    [InlineData("&lt;b&gt; &amp; \\")]
    [InlineData("@channel <@U123> #general")]
    [InlineData("1 + 1 = 2! (really)")]
    public void TextFromLogsStaysText(string text)
    {
        var html = Markdown.ToHtml("x " + MarkdownText.Inline(text), Generous);

        Assert.Equal($"<p>x {System.Net.WebUtility.HtmlEncode(text).Replace("&#39;", "'", StringComparison.Ordinal)}</p>", html.Trim());
    }

    [Theory]
    [InlineData("```\n<b>")]
    [InlineData("`````")]
    [InlineData("~~~")]
    public void NothingInABlockEndsIt(string text)
    {
        var html = Markdown.ToHtml(MarkdownText.Block(text.Split('\n')), Generous);

        Assert.StartsWith("<pre><code class=\"language-text\">", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
        Assert.EndsWith("</code></pre>", html.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public void LineBreaksAndDirectionMarksAreShown() =>
        Assert.Equal("a\\\\u000ab\\\\u202e", MarkdownText.Inline("a\nb\u202e"));
}
