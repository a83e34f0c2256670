using System.Text.Json;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace VizPipeline.Catalog;

/// <summary>Stores an enum as its name in snake_case: SQL stays readable, and the numeric values may change.</summary>
internal sealed class EnumName<T>() : ValueConverter<T, string>(value => Write(value), name => Read(name))
    where T : struct, Enum
{
    private static readonly Dictionary<T, string> Names =
        Enum.GetValues<T>().ToDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));

    private static readonly Dictionary<string, T> Values = Names.ToDictionary(entry => entry.Value, entry => entry.Key);

    private static string Write(T value) => Names[value];

    private static T Read(string name) => Values.TryGetValue(name, out var value)
        ? value
        : throw new InvalidOperationException(
            $"the catalog says '{name}' where a {typeof(T).Name} belongs; was it written by a newer version?");
}
