using System.Text.RegularExpressions;
using VizPipeline.Atlas.Web.Story;

namespace VizPipeline.Tests.Atlas.Web.Story;

/// <summary>Tests the languages of the story: complete, and chosen as the browser prefers.</summary>
public sealed partial class StoryLanguageTests
{
    public static TheoryData<string> Others => [.. StoryLanguage.All.Skip(1).Select(language => language.Code)];

    [Fact]
    public void English_comes_first_and_Korean_exists() =>
        Assert.Equal(["en", "ko"], StoryLanguage.All.Select(language => language.Code));

    [Theory]
    [MemberData(nameof(Others))]
    public void A_language_has_every_text_with_the_same_values_and_every_term(string code)
    {
        var (english, other) = (StoryLanguage.All[0], StoryLanguage.Find(code)!);
        Assert.Equal(english.Texts.Keys.Order(StringComparer.Ordinal), other.Texts.Keys.Order(StringComparer.Ordinal));
        foreach (var (key, text) in english.Texts)
        {
            var (expected, actual) = (ValuesOf(text), ValuesOf(other.Texts[key]));
            Assert.True(expected.SequenceEqual(actual), $"{key}: {string.Join(",", expected)} and {string.Join(",", actual)}");
            Assert.False(string.IsNullOrWhiteSpace(other.Texts[key]), key);
        }
        Assert.Equal(english.Glossary.Count, other.Glossary.Count);
        Assert.Equal(other.Glossary.Count, other.Glossary.Select(term => term.Term).Distinct().Count());
    }

    // What stays English there are names: keys of a keyboard, ReLU, and those of the people.
    [Fact]
    public void Korean_texts_are_Korean()
    {
        var korean = StoryLanguage.Find("ko")!;
        Assert.All(korean.Texts.Values, text => Assert.Matches("[가-힣]", text));
        Assert.All(korean.Glossary, term => Assert.Matches("[가-힣]", term.Meaning));
    }

    [Theory]
    [InlineData(null, "en")]
    [InlineData("", "en")]
    [InlineData("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko")]
    [InlineData("fr-FR,fr;q=0.9", "en")]
    [InlineData("fr-FR,ko;q=0.3,en;q=0.7", "en")]
    [InlineData("de, KO;q=0.5", "ko")]
    [InlineData("ko;q=0, en;q=0.1", "en")]
    [InlineData(";;;=,,q", "en")]
    public void The_browsers_languages_decide(string? header, string code) => Assert.Equal(code, StoryLanguage.Choose(header).Code);

    private static IEnumerable<string> ValuesOf(string text) =>
        Value().Matches(text).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal);

    [GeneratedRegex(@"\{[a-z]+\}")]
    private static partial Regex Value();
}
