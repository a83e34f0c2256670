using System.Globalization;
using System.Linq.Expressions;
using System.Text.RegularExpressions;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A condition on a statistic, such as <c>class_selectivity>=0.5</c>.</summary>
/// <param name="Statistic">The statistic.</param>
/// <param name="Operator"><c>&gt;=</c>, <c>&gt;</c>, <c>&lt;=</c>, <c>&lt;</c> or <c>=</c>.</param>
/// <param name="Bound">The number to compare with.</param>
public sealed partial record NeuronCondition(NeuronStatistic Statistic, string Operator, double Bound)
{
    /// <summary>Parses a condition. Neurons without the statistic never satisfy it.</summary>
    /// <exception cref="QueryException">The text is not a condition.</exception>
    public static NeuronCondition Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var match = Form().Match(text);
        if (!match.Success || !double.TryParse(match.Groups[3].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var bound)
            || !double.IsFinite(bound))
            throw new QueryException(
                $"where: '{Format.Excerpt(text)}' is not a condition; write a statistic, one of >= > <= < =, and a number: "
                + "class_selectivity>=0.5");
        return new NeuronCondition(NeuronStatistic.Find(match.Groups[1].Value, "where"), match.Groups[2].Value, bound);
    }

    /// <summary>Returns the condition as a filter for a database query.</summary>
    public Expression<Func<Neuron, bool>> Filter()
    {
        // Captured by a closure, so that EF sends it as a parameter and compiles the query once.
        Expression<Func<double?>> bound = () => Bound;
        var (value, number) = (Statistic.Value.Body, bound.Body);
        return Expression.Lambda<Func<Neuron, bool>>(Operator switch
        {
            ">=" => Expression.GreaterThanOrEqual(value, number),
            ">" => Expression.GreaterThan(value, number),
            "<=" => Expression.LessThanOrEqual(value, number),
            "<" => Expression.LessThan(value, number),
            _ => Expression.Equal(value, number),
        }, Statistic.Value.Parameters);
    }

    [GeneratedRegex(@"\A\s*([a-z_0-9]{1,40})\s*(>=|<=|>|<|=)\s*(\S{1,40})\s*\z")]
    private static partial Regex Form();
}
