using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace VizPipeline.Catalog;

/// <summary>Removes characters that PostgreSQL rejects from external text, such as file names and messages of decoders.</summary>
internal sealed class StorableText() : ValueConverter<string, string>(text => Clean(text), text => text)
{
    private const char Replacement = '\uFFFD';

    // NUL and unpaired surrogates: a single message with either would make its result impossible to ingest.
    internal static string Clean(string text)
    {
        if (!text.AsSpan().ContainsAny(Suspects))
            return text;
        var clean = text.ToCharArray();
        for (var i = 0; i < clean.Length; i++)
        {
            if (char.IsHighSurrogate(clean[i]) && i + 1 < clean.Length && char.IsLowSurrogate(clean[i + 1]))
                i++;
            else if (clean[i] == '\0' || char.IsSurrogate(clean[i]))
                clean[i] = Replacement;
        }
        return new string(clean);
    }

    private static readonly System.Buffers.SearchValues<char> Suspects = System.Buffers.SearchValues.Create(
        ['\0', .. Enumerable.Range(0xD800, 0x800).Select(code => (char)code)]);
}
