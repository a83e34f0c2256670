using SkiaSharp;

namespace VizPipeline.Sample.Pictures;

/// <summary>
/// Draws a subject: a canvas in the subject's own coordinates (-1..1, y down), with the picture's random numbers, colours and light.
/// </summary>
internal sealed class Brush(SKCanvas canvas, Dice dice, Palette palette, SKPoint towardsLight)
{
    public SKCanvas Canvas => canvas;

    public Dice Dice => dice;

    public Palette Palette => palette;

    /// <summary>Draws a lit body: brighter towards the light, darker away from it, sometimes with a pattern.</summary>
    public void Body(SKPath outline, SKColor color, float decorated = 0)
    {
        Fill(outline, color);
        if (dice.Chance(decorated))
            Decorate(outline, color);
        Shade(outline);
        if (dice.Chance(0.3f))
            Stroke(outline, Palette.Darker(color, 0.55f), 0.05f);
    }

    public void Fill(SKPath outline, SKColor color)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawPath(outline, paint);
    }

    public void Stroke(SKPath line, SKColor color, float width)
    {
        using var paint = new SKPaint
        {
            Color = color,
            IsAntialias = true,
            IsStroke = true,
            StrokeWidth = width,
            StrokeCap = SKStrokeCap.Round,
            StrokeJoin = SKStrokeJoin.Round,
        };
        canvas.DrawPath(line, paint);
    }

    public void Line(SKColor color, float width, params ReadOnlySpan<SKPoint> points)
    {
        using var path = Outline.Through(points, closed: false);
        Stroke(path, color, width);
    }

    public void Disc(float x, float y, float radius, SKColor color)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawCircle(x, y, radius, paint);
    }

    public void Oval(float x, float y, float radiusX, float radiusY, SKColor color)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawOval(x, y, radiusX, radiusY, paint);
    }

    public void Box(float left, float top, float right, float bottom, SKColor color)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawRect(new SKRect(left, top, right, bottom), paint);
    }

    public void Arc(float x, float y, float radius, float fromDegrees, float sweepDegrees, SKColor color, float width)
    {
        using var arc = Outline.Draw(path =>
            path.AddArc(new SKRect(x - radius, y - radius, x + radius, y + radius), fromDegrees, sweepDegrees));
        Stroke(arc, color, width);
    }

    /// <summary>Draws a soft bright spot where a glossy body mirrors the light.</summary>
    public void Gloss(SKPath outline, float strength)
    {
        var bounds = outline.Bounds;
        var size = Math.Max(bounds.Width, bounds.Height);
        var spot = new SKPoint(bounds.MidX + towardsLight.X * bounds.Width * 0.27f, bounds.MidY + towardsLight.Y * bounds.Height * 0.27f);
        using var shader = SKShader.CreateRadialGradient(
            spot, size * 0.36f, [SKColors.White.WithAlpha((byte)(255 * strength)), SKColors.White.WithAlpha(0)], SKShaderTileMode.Clamp);
        using var paint = new SKPaint { Shader = shader, IsAntialias = true };
        canvas.DrawPath(outline, paint);
    }

    /// <summary>Draws the shadow side of a round body.</summary>
    public void Round(SKPath outline, float strength)
    {
        var bounds = outline.Bounds;
        var spot = new SKPoint(bounds.MidX + towardsLight.X * bounds.Width * 0.25f, bounds.MidY + towardsLight.Y * bounds.Height * 0.25f);
        using var shader = SKShader.CreateRadialGradient(
            spot,
            Math.Max(bounds.Width, bounds.Height) * 0.78f,
            [
                SKColors.Black.WithAlpha(0),
                SKColors.Black.WithAlpha((byte)(60 * strength)),
                SKColors.Black.WithAlpha((byte)(230 * strength)),
            ],
            [0.25f, 0.6f, 1],
            SKShaderTileMode.Clamp);
        using var paint = new SKPaint { Shader = shader, IsAntialias = true };
        canvas.DrawPath(outline, paint);
    }

    private void Shade(SKPath outline)
    {
        var bounds = outline.Bounds;
        var reach = 0.5f * Math.Max(bounds.Width, bounds.Height);
        var middle = new SKPoint(bounds.MidX, bounds.MidY);
        var offset = new SKPoint(towardsLight.X * reach, towardsLight.Y * reach);
        var strength = dice.Between(0.1f, 0.5f);
        using var shader = SKShader.CreateLinearGradient(
            middle + offset,
            middle - offset,
            [
                SKColors.White.WithAlpha((byte)(170 * strength)),
                SKColors.White.WithAlpha(0),
                SKColors.Black.WithAlpha((byte)(255 * strength)),
            ],
            SKShaderTileMode.Clamp);
        using var paint = new SKPaint { Shader = shader, IsAntialias = true };
        canvas.DrawPath(outline, paint);
    }

    private void Decorate(SKPath outline, SKColor color)
    {
        canvas.Save();
        canvas.ClipPath(outline, antialias: true);
        var other = dice.Chance(0.5f) ? Palette.Lighter(color, 0.5f) : dice.Chance(0.5f) ? Palette.Darker(color, 0.45f) : palette.Second;
        Patterns.Draw(
            dice.Pick(Pattern.Stripes, Pattern.Dots, Pattern.Checks), this, color, other, size: dice.Between(0.16f, 0.34f), reach: 1.6f);
        canvas.Restore();
    }
}
