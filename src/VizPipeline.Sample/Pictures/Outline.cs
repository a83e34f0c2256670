using SkiaSharp;

namespace VizPipeline.Sample.Pictures;

/// <summary>Outlines and lines in the subject's coordinates.</summary>
internal static class Outline
{
    /// <summary>Returns the path that <paramref name="draw"/> draws.</summary>
    public static SKPath Draw(Action<SKPathBuilder> draw)
    {
        using var path = new SKPathBuilder();
        draw(path);
        return path.Detach();
    }

    public static SKPath Polygon(params ReadOnlySpan<SKPoint> corners) => Through(corners, closed: true);

    /// <summary>Returns straight lines from point to point.</summary>
    public static SKPath Through(ReadOnlySpan<SKPoint> points, bool closed)
    {
        using var path = new SKPathBuilder();
        path.AddPoly(points, closed);
        return path.Detach();
    }

    public static SKPath Oval(float x, float y, float radiusX, float radiusY)
        => Draw(path => path.AddOval(new SKRect(x - radiusX, y - radiusY, x + radiusX, y + radiusY)));

    public static SKPath Disc(float x, float y, float radius) => Oval(x, y, radius, radius);

    public static SKPath Box(float left, float top, float right, float bottom, float corner = 0)
        => Draw(path => path.AddRoundRect(new SKRect(left, top, right, bottom), corner, corner));

    public static SKPoint OnCircle(float degrees, float radius)
        => new(radius * MathF.Cos(degrees * MathF.PI / 180), radius * MathF.Sin(degrees * MathF.PI / 180));
}
