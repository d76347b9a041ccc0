using System.Text;
using Culprit.Engine.Alerting;
using MimeKit;

namespace Culprit.Server.Alerting.Sinks.Email;

/// <summary>Writes an alert as a message of plain text, in which only our own links are links. All messages of an incident are one thread.</summary>
internal static class EmailMessage
{
    public const int MaxSubject = 200;

    private const int MaxFact = 4000;
    private const int MaxLines = 10;
    private const int MaxLine = 2000;

    public static MimeMessage Write(Alert alert, EmailOptions options, DateTimeOffset now)
    {
        var message = new MimeMessage
        {
            Subject = TextCut.Fit("[Culprit] " + AlertText.Unlinked(AlertText.Headline(alert, observed: false)), MaxSubject),
            Date = now,

            // The same on every try, so that whoever gets it twice sees it once.
            MessageId = $"{TextCut.Key(Word(alert.Id), 100)}@culprit.invalid",
            Body = new TextPart("plain") { Text = Text(alert, options) },
        };
        message.From.Add(MailboxAddress.Parse(options.From));
        message.To.AddRange(options.To.Select(MailboxAddress.Parse));
        message.References.Add($"incident-{TextCut.Key(Word(alert.IncidentId), 100)}@culprit.invalid");

        // No holiday notes in return.
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }

    private static string Text(Alert alert, EmailOptions options)
    {
        var text = new StringBuilder();
        text.Append(AlertText.Unlinked(AlertText.Headline(alert, observed: false))).Append('\n');
        foreach (var (label, fact) in AlertText.Facts(alert))
        {
            text.Append('\n').Append(label).Append(": ").Append(TextCut.Fit(AlertText.Unlinked(fact), MaxFact)).Append('\n');
        }

        foreach (var (title, lines) in AlertText.Quotes(alert, MaxLines))
        {
            text.Append('\n').Append(title).Append(":\n");
            foreach (var line in lines)
            {
                text.Append("  ").Append(TextCut.Fit(AlertText.Unlinked(line), MaxLine)).Append('\n');
            }
        }

        foreach (var (title, link) in new[] { ("Incident", AlertText.IncidentLink(alert, options)), ("Runbook", AlertText.RunbookLink(alert, options)) })
        {
            if (link is not null)
            {
                text.Append('\n').Append(title).Append(": ").Append(link).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>Ids may come from a replay of somebody's data; a header takes letters and digits.</summary>
    private static string Word(string id) => id.All(char.IsAsciiLetterOrDigit) && id.Length > 0 ? id : Convert.ToHexStringLower(Encoding.UTF8.GetBytes(id));
}
