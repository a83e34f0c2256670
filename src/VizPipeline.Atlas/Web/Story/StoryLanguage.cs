using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Story;

/// <summary>
/// The texts of the story in one language: a file of <c>Web/Story/Languages</c>, named by the language's tag (BCP 47). Another language is
/// another file.
/// </summary>
/// <param name="Code">The tag, such as <c>en</c> or <c>ko</c>.</param>
/// <param name="Name">The language's name in that language.</param>
/// <param name="Texts">The texts by key. <c>{name}</c> stands for a value.</param>
/// <param name="Glossary">The terms.</param>
public sealed record StoryLanguage(
    string Code, string Name, IReadOnlyDictionary<string, string> Texts, IReadOnlyList<StoryTerm> Glossary)
{
    private const string Prefix = "story/";

    /// <summary>The tag of the language that is used if no other fits.</summary>
    public const string Default = "en";

    /// <summary>All languages by tag, the default first.</summary>
    public static IReadOnlyList<StoryLanguage> All { get; } = ReadAll();

    /// <summary>Returns the language with a tag; null if there is none.</summary>
    public static StoryLanguage? Find(string? code) =>
        All.FirstOrDefault(language => language.Code.Equals(code, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Returns the language that a browser prefers among those that exist, by its <c>Accept-Language</c> header; otherwise the default.
    /// </summary>
    public static StoryLanguage Choose(string? accepted)
    {
        _ = StringWithQualityHeaderValue.TryParseList(accepted is null ? [] : [accepted], out var preferred);
        foreach (var range in (preferred ?? []).Where(range => range.Quality != 0).OrderByDescending(range => range.Quality ?? 1))
        {
            if (Find(range.Value.ToString().Split('-')[0]) is { } found)
                return found;
        }
        return All[0];
    }

    /// <summary>Returns a text with its values put in.</summary>
    /// <exception cref="KeyNotFoundException">There is no such text.</exception>
    public string Text(string key, params (string Name, string Value)[] values)
    {
        var text = Texts[key];
        foreach (var (name, value) in values)
            text = text.Replace($"{{{name}}}", value, StringComparison.Ordinal);
        return text;
    }

    private static List<StoryLanguage> ReadAll()
    {
        var assembly = typeof(StoryLanguage).Assembly;
        return [.. assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name =>
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var file = JsonSerializer.Deserialize<LanguageFile>(stream, VizJson.Options)!;
            return new StoryLanguage(
                Path.GetFileNameWithoutExtension(name[Prefix.Length..]), file.Name, file.Texts.ToFrozenDictionary(), file.Glossary);
        }).OrderBy(language => language.Code != Default).ThenBy(language => language.Code, StringComparer.Ordinal)];
    }

    private sealed record LanguageFile(string Name, Dictionary<string, string> Texts, IReadOnlyList<StoryTerm> Glossary);
}

/// <summary>A term of the glossary.</summary>
/// <param name="Term">The term.</param>
/// <param name="Meaning">What it means, in one or two sentences.</param>
public sealed record StoryTerm(string Term, string Meaning);
