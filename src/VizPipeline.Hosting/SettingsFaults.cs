using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>Collects all faults in a section's settings, one line each, starting with the setting's name.</summary>
/// <remarks>
/// The framework's own validation stops at the first malformed value, such as a text for a number, and does not report the other faults.
/// </remarks>
internal sealed class SettingsFaults<T>(IConfigurationSection section) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        List<string> faults = [.. Malformed(section).Select(
            property => $"{Fault(property)}, not '{section[property.Name]}'"), .. MissingFiles(options)];
        var annotated = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), annotated, validateAllProperties: true);
        faults.AddRange(annotated.Select(Text));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults.Distinct());
    }

    /// <summary>Returns the section without values that do not match the type of their setting.</summary>
    public static IConfiguration WellFormed(IConfigurationSection section)
    {
        var malformed = Malformed(section).Select(property => property.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new ConfigurationBuilder()
            .AddInMemoryCollection(section.AsEnumerable(makePathsRelative: true).Where(setting => !malformed.Contains(setting.Key)))
            .Build();
    }

    private static IEnumerable<PropertyInfo> Malformed(IConfigurationSection section) => typeof(T).GetProperties()
        .Where(property => property.CanWrite && section[property.Name] is { } value && !Converts(property.PropertyType, value));

    private static bool Converts(Type type, string value)
    {
        var converter = TypeDescriptor.GetConverter(type);
        if (!converter.CanConvertFrom(typeof(string)))
            return true;
        try
        {
            converter.ConvertFromInvariantString(value);
            return true;
        }
        // Number converters wrap their exceptions.
        catch (Exception failure) when (failure is FormatException or ArgumentException or OverflowException
            || failure.InnerException is FormatException or OverflowException)
        {
            return false;
        }
    }

    private string Fault(PropertyInfo property)
    {
        if (property.GetCustomAttributes<ValidationAttribute>().Select(attribute => attribute.ErrorMessage).FirstOrDefault(
            text => text is not null) is { } text)
            return text;
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var expected = type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
            : type == typeof(bool) ? "true or false"
            : type == typeof(TimeSpan) ? "a time such as 00:00:30"
            : "a number";
        return $"{section.Key}:{property.Name} must be {expected}";
    }

    private IEnumerable<string> MissingFiles(T options) => typeof(T).GetProperties()
        .Where(property => property.Name.EndsWith("File", StringComparison.Ordinal)
            && property.GetValue(options) is string { Length: > 0 } file && !File.Exists(file))
        .Select(property => $"{section.Key}:{property.Name}: there is no file {property.GetValue(options)}");

    private string Text(ValidationResult fault)
    {
        var text = fault.ErrorMessage!.TrimEnd('.');
        foreach (var member in fault.MemberNames)
            text = text.Replace($"The field {member} ", $"{section.Key}:{member} ", StringComparison.Ordinal);
        return text;
    }
}
